package dev.nicol.server.audit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The chain's byte format. {@code hash = SHA-256(domain ‖ version ‖ server ‖ id ‖ payload ‖ previous hash)} where the
 * domain is the 17 ASCII bytes {@code nicol.audit.event} and a zero byte, the version one byte, the server the length of
 * its name in one byte and the ASCII name, the id eight bytes big-endian, and the previous hash 32 bytes (zeros before the
 * first event). The payload is the only part of unknown length, so no two inputs run together. Hashes are written as
 * lower-case hexadecimal.
 *
 * <p>Version 1, of when a store had one chain, has no server. A chain may begin with it and never goes back to it.
 */
final class EventHash {
    static final int FORMAT_VERSION = 2;
    static final int WITHOUT_SERVER = 1;
    static final String GENESIS = "0".repeat(64);

    private static final byte[] DOMAIN = "nicol.audit.event\0".getBytes(StandardCharsets.US_ASCII);

    private EventHash() {}

    /** @param previousHash 64 hexadecimal digits */
    static String of(String server, long eventId, byte[] payload, String previousHash) {
        return of(FORMAT_VERSION, server, eventId, payload, previousHash);
    }

    /** The same in an earlier format. */
    static String of(int version, String server, long eventId, byte[] payload, String previousHash) {
        MessageDigest digest = sha256();
        digest.update(DOMAIN);
        digest.update((byte) version);
        if (version != WITHOUT_SERVER) {
            byte[] name = server.getBytes(StandardCharsets.US_ASCII);
            digest.update((byte) name.length);
            digest.update(name);
        }
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(eventId).array());
        digest.update(payload);
        digest.update(HexFormat.of().parseHex(previousHash));
        return HexFormat.of().formatHex(digest.digest());
    }

    /** SHA-256 of a text's UTF-8 bytes, lower-case hexadecimal. */
    static String ofText(String text) {
        return HexFormat.of().formatHex(sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** The same of several texts, each with its length, so that no two run together; null is told from every text. */
    static String ofParts(Iterable<? extends @Nullable Object> parts) {
        StringBuilder text = new StringBuilder();
        for (Object part : parts) {
            String written = String.valueOf(part);
            text.append(part == null ? -1 : written.length()).append(':').append(written);
        }
        return ofText(text.toString());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
