package dev.nicol.server.delivery;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Signs what is POSTed over the moment and the body, so that neither can be changed, nor the one sent with another. */
final class Signature {
    private static final String HEADER = "Nicol-Signature";
    private static final String ALGORITHM = "HmacSHA256";

    private Signature() {}

    /** The header to send with a body; none without a secret. */
    static Map<String, String> headers(@Nullable String secret, Instant at, byte[] body) {
        if (secret == null) {
            return Map.of();
        }
        String moment = Long.toString(at.getEpochSecond());
        return Map.of(HEADER, "t=" + moment + ",v1=" + hex(secret, moment, body));
    }

    private static String hex(String secret, String moment, byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), ALGORITHM));
            mac.update((moment + ".").getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HMAC with SHA-256", e);
        }
    }
}
