package dev.nicol.server.identity;

import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/**
 * What a request brings to say who sends it. Shown, it tells none of it but the address.
 *
 * @param authorization the header of that name; null where there is none
 * @param address the peer's, as a number
 * @param certificate the client's own, which TLS has verified; null where there is none
 */
public record Presented(
        @Nullable String authorization,
        String address,
        @Nullable X509Certificate certificate) {
    /** Longest {@code Authorization} header, in characters. */
    public static final int MAX_HEADER_LENGTH = 16_384;

    @Override
    public String toString() {
        return "credentials from " + address;
    }
}
