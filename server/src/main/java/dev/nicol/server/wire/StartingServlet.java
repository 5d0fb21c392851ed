package dev.nicol.server.wire;

import dev.nicol.policy.NicolError;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What answers clients: {@link AvaticaServlet}, as soon as the server has one. Until then each request is refused with
 * {@code 53300}, and not with HTTP 503, upon which the stock driver would ask again at once, for ever.
 */
final class StartingServlet extends HttpServlet {
    private transient volatile @Nullable AvaticaServlet served;

    void serve(AvaticaServlet servlet) {
        served = servlet;
    }

    /** Whether a client waits for an answer. */
    boolean isAnswering() {
        AvaticaServlet servlet = served;
        return servlet != null && servlet.isAnswering();
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        AvaticaServlet servlet = served;
        if (servlet != null) {
            servlet.service(request, response);
            return;
        }
        WireFormat format = WireFormat.ofFirstByte(request.getInputStream().read());
        EncodedResponse refusal = new AvaticaCodec()
                .encode(
                        format,
                        ErrorAnswers.of(
                                NicolError.TOO_MANY.because("The server is starting. Connect again in a moment.")));
        response.setStatus(HttpServletResponse.SC_INTERNAL_SERVER_ERROR);
        response.setContentType(format.contentType());
        response.setContentLength(refusal.length());
        refusal.sendTo(response.getOutputStream());
    }
}
