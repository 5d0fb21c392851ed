package dev.nicol.server.wire;

import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Lets nothing through that did not come by TLS. A connection that was closed without a word would make the stock driver
 * send its request again and again.
 */
final class TlsOnly extends Handler.Wrapper {
    TlsOnly(Handler served) {
        super(served);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        // of the connection: what a client writes into the request line says nothing
        if (request.getConnectionMetaData().isSecure()) {
            return super.handle(request, response, callback);
        }
        response.setStatus(HttpStatus.BAD_REQUEST_400);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, TextServlet.PLAIN);
        response.getHeaders().put(HttpHeader.CONNECTION, "close");
        Content.Sink.write(response, true, "This port speaks TLS. Connect with https://.\n", callback);
        return true;
    }
}
