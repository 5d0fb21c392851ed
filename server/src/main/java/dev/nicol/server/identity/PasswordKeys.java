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

    /** Has the key of this boot. Never used itself: each request takes a copy, which costs less than to look for a provider. */
    private final Mac keyed;

    PasswordKeys() {
        byte[] random = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(random);
        try {
            keyed = Mac.getInstance(HMAC);
            keyed.init(new SecretKeySpec(random, HMAC));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HMAC-SHA256", e);
        }
    }

    ByteBuffer of(BasicCredentials credentials) {
        Mac mac = copy();
        // names have no control characters, so that name and password cannot be confused
        mac.update(credentials.name().getBytes(StandardCharsets.UTF_8));
        mac.update((byte) 0);
        return ByteBuffer.wrap(mac.doFinal(credentials.password().getBytes(StandardCharsets.UTF_8)));
    }

    private Mac copy() {
        try {
            return (Mac) keyed.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("Java's own HMAC-SHA256 can be copied", e);
        }
    }

    /** Enough to tell a password that is repeated from another. */
    static long fingerprint(ByteBuffer key) {
        return key.getLong(key.position());
    }
}
