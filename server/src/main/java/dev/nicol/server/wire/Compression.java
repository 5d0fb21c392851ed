package dev.nicol.server.wire;

import dev.nicol.server.config.NicolConfig.Endpoint.Gzip;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Enumeration;
import java.util.Locale;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** Who gets large responses compressed. The stock driver asks for gzip always, on this very machine, too. */
record Compression(Gzip mode) {
    /** Smaller responses go out as they are. */
    static final int LEAST_BYTES = 16 * 1024;

    private static final int CHUNK_BYTES = 64 * 1024;

    boolean of(HttpServletRequest request) {
        return switch (mode) {
            case NEVER -> false;
            case ALWAYS -> accepts(request);
            case REMOTE -> accepts(request) && !isLoopback(request.getRemoteAddr());
        };
    }

    private static boolean isLoopback(String address) {
        try {
            return InetAddress.getByName(address).isLoopbackAddress();
        } catch (UnknownHostException noAddress) {
            return false;
        }
    }

    private static boolean accepts(HttpServletRequest request) {
        Enumeration<String> headers = request.getHeaders("Accept-Encoding");
        while (headers.hasMoreElements()) {
            for (String each : headers.nextElement().toLowerCase(Locale.ROOT).split(",")) {
                String[] parts = each.strip().split("\\s*;\\s*");
                boolean refused = parts.length > 1 && parts[1].matches("q=0(\\.0*)?");
                if (parts[0].equals("gzip") && !refused) {
                    return true;
                }
            }
        }
        return false;
    }

    static EncodedResponse gzip(EncodedResponse plain) throws IOException {
        EncodedResponse compressed = new EncodedResponse();
        try (OutputStream out = new Fast(compressed)) {
            plain.sendTo(out);
        }
        return compressed;
    }

    /** The fastest level: rows become a fifth of their size already. */
    private static final class Fast extends GZIPOutputStream {
        Fast(OutputStream to) throws IOException {
            super(to, CHUNK_BYTES);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }
}
