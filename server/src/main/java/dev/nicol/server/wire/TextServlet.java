package dev.nicol.server.wire;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.function.Supplier;

/** {@code GET} of a text that a machine reads: health and metrics. */
final class TextServlet extends HttpServlet {
    /** Prometheus' text format. */
    static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    static final String PLAIN = "text/plain; charset=utf-8";

    private final String contentType;
    private final transient Supplier<Page> page;

    TextServlet(String contentType, Supplier<Page> page) {
        this.contentType = contentType;
        this.page = page;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Page shown = page.get();
        response.setStatus(shown.status());
        response.setContentType(contentType);
        response.setHeader("Cache-Control", "no-store");
        response.getWriter().print(shown.text());
    }

    /** @param status the HTTP status */
    record Page(int status, String text) {}
}
