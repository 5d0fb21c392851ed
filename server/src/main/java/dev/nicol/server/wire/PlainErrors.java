package dev.nicol.server.wire;

import org.eclipse.jetty.ee10.servlet.ErrorPageErrorHandler;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** HTTP errors that no servlet answers, such as a garbled request: the status alone, no page, no trace, no version. */
final class PlainErrors extends ErrorPageErrorHandler {
    PlainErrors() {
        setShowStacks(false);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, TextServlet.PLAIN);
        String text = "HTTP " + response.getStatus() + ": the request cannot be served.\n";
        Content.Sink.write(response, true, text, callback);
        return true;
    }
}
