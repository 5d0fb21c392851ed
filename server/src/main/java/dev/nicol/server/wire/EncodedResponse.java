package dev.nicol.server.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** A response as it goes to the client: what is written to it, and in the middle, not copied, the rows of a frame. */
final class EncodedResponse extends ByteArrayOutputStream {
    private @Nullable EncodedFrame rows;
    private int before;

    /** The rows come after what was written so far. */
    void rows(EncodedFrame frame) {
        if (rows != null) {
            throw new IllegalStateException("a response has one frame");
        }
        rows = frame;
        before = size();
    }

    int length() {
        return rows == null ? size() : Math.addExact(size(), rows.length());
    }

    void sendTo(OutputStream out) throws IOException {
        EncodedFrame frame = rows;
        if (frame == null) {
            writeTo(out);
            return;
        }
        send(buf, 0, before, out);
        send(frame.bytes(), 0, frame.length(), out);
        send(buf, before, count - before, out);
    }

    /** Nothing is not written: Jetty has closed the stream when all bytes of the announced length are there. */
    private static void send(byte[] bytes, int from, int length, OutputStream out) throws IOException {
        if (length > 0) {
            out.write(bytes, from, length);
        }
    }
}
