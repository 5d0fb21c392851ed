package dev.nicol.server.identity;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Stands for names and passwords in memory, under a key of this boot: the passwords themselves are not kept. */
final class PasswordKeys {
    private static final String HMAC = "HmacSHA256";
    private static final int KEY_BYTES = 32;

    private final SecretKeySpec bootKey;

    PasswordKeys() {
        byte[] random = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(random);
        bootKey = new SecretKeySpec(random, HMAC);
    }

    ByteBuffer of(BasicCredentials credentials) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(bootKey);
            // names have no control characters, so that name and password cannot be confused
            mac.update(credentials.name().getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            return ByteBuffer.wrap(mac.doFinal(credentials.password().getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HMAC-SHA256", e);
        }
    }

    /** Enough to tell a password that is repeated from another. */
    static long fingerprint(ByteBuffer key) {
        return key.getLong(key.position());
    }
}
