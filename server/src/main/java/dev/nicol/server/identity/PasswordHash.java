package dev.nicol.server.identity;

import com.password4j.Argon2Function;
import com.password4j.types.Argon2;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Argon2id hashes of passwords, in PHC form: {@code $argon2id$v=19$m=…,t=…,p=…$salt$hash}. */
public final class PasswordHash {
    /** Memory of one verification, in KiB; with the next two what OWASP asks for at least. */
    public static final int MEMORY_KIB = 19_456;

    public static final int ITERATIONS = 2;
    public static final int PARALLELISM = 1;

    /** Longest password, in characters. */
    public static final int MAX_PASSWORD_LENGTH = 1024;

    private static final int MAX_MEMORY_KIB = 262_144;
    private static final int MAX_ITERATIONS = 100;
    private static final int MAX_PARALLELISM = 16;
    private static final int SALT_BYTES = 16;
    private static final int MIN_SALT_BYTES = 8;
    private static final int HASH_BYTES = 32;
    private static final int MIN_HASH_BYTES = 16;
    private static final int MAX_PART_BYTES = 64;
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Pattern PHC = Pattern.compile(
            "\\$argon2id\\$v=19\\$m=([0-9]{1,7}),t=([0-9]{1,4}),p=([0-9]{1,3})\\$([A-Za-z0-9+/]+)\\$([A-Za-z0-9+/]+)");

    private PasswordHash() {}

    /** A hash of the password with a fresh salt. */
    public static String of(String password) {
        return of(password, MEMORY_KIB, ITERATIONS);
    }

    /** The same at another cost. */
    static String of(String password, int memoryKib, int iterations) {
        byte[] salt = new byte[SALT_BYTES];
        RANDOM.nextBytes(salt);
        byte[] hash = function(memoryKib, iterations, PARALLELISM, HASH_BYTES)
                .hash(password.getBytes(StandardCharsets.UTF_8), salt)
                .getBytes();
        Base64.Encoder encoder = Base64.getEncoder().withoutPadding();
        return "$argon2id$v=19$m=" + memoryKib + ",t=" + iterations + ",p=" + PARALLELISM + "$"
                + encoder.encodeToString(salt) + "$" + encoder.encodeToString(hash);
    }

    /** Why the text is no hash that can be verified here; null when it is one. The text itself is never told. */
    static @Nullable String fault(String text) {
        Matcher parts = PHC.matcher(text);
        if (!parts.matches()) {
            return "is not an Argon2id hash (`$argon2id$v=19$…`)";
        }
        int memory = Integer.parseInt(parts.group(1));
        int iterations = Integer.parseInt(parts.group(2));
        int parallelism = Integer.parseInt(parts.group(3));
        int saltBytes = bytes(parts.group(4));
        int hashBytes = bytes(parts.group(5));
        if (memory < 8 * parallelism
                || memory > MAX_MEMORY_KIB
                || iterations < 1
                || iterations > MAX_ITERATIONS
                || parallelism < 1
                || parallelism > MAX_PARALLELISM
                || saltBytes < MIN_SALT_BYTES
                || saltBytes > MAX_PART_BYTES
                || hashBytes < MIN_HASH_BYTES
                || hashBytes > MAX_PART_BYTES) {
            return "has Argon2id parameters outside of what is accepted (at most m=" + MAX_MEMORY_KIB + ", t="
                    + MAX_ITERATIONS + ", p=" + MAX_PARALLELISM + ")";
        }
        return null;
    }

    /** Whether the password is the one that was hashed; takes as long either way. */
    static boolean verifies(String password, String hash) {
        Matcher parts = PHC.matcher(hash);
        if (!parts.matches()) {
            return false;
        }
        byte[] expected = Base64.getDecoder().decode(parts.group(5));
        byte[] actual = function(
                        Integer.parseInt(parts.group(1)),
                        Integer.parseInt(parts.group(2)),
                        Integer.parseInt(parts.group(3)),
                        expected.length)
                .hash(
                        password.getBytes(StandardCharsets.UTF_8),
                        Base64.getDecoder().decode(parts.group(4)))
                .getBytes();
        return MessageDigest.isEqual(expected, actual);
    }

    private static Argon2Function function(int memory, int iterations, int parallelism, int hashBytes) {
        return Argon2Function.getInstance(memory, iterations, parallelism, hashBytes, Argon2.ID);
    }

    private static int bytes(String base64) {
        try {
            return Base64.getDecoder().decode(base64).length;
        } catch (IllegalArgumentException e) {
            return 0;
        }
    }
}
