package dev.nicol.server.audit;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

/**
 * A signed statement that the chain had this link at this moment: four lines of {@code name value} below a title, and an
 * Ed25519 signature (RFC 8032) of their UTF-8 bytes, line ends included, as a fifth.
 *
 * @param eventId the link
 * @param hash of that event
 * @param previousId the link of the checkpoint before; 0: there was none
 */
record Checkpoint(long eventId, String hash, long previousId, Instant at) {
    static final String ENDING = ".checkpoint";

    private static final String TITLE = "nicol.audit.checkpoint 1";
    private static final String ALGORITHM = "Ed25519";
    private static final int LINES = 6;

    /** Wide enough that names sort as numbers do. */
    String fileName() {
        return String.format("%019d", eventId) + ENDING;
    }

    private String signedText() {
        return TITLE + "\nevent_id " + eventId + "\nhash " + hash + "\nprevious_id " + previousId + "\nat " + at + "\n";
    }

    String signed(PrivateKey key) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(ALGORITHM);
        signature.initSign(key);
        signature.update(signedText().getBytes(StandardCharsets.UTF_8));
        return signedText() + "signature " + Base64.getEncoder().encodeToString(signature.sign()) + "\n";
    }

    /**
     * Reads what {@link #signed} wrote.
     *
     * @throws GeneralSecurityException where it is none of that key's
     */
    static Checkpoint parse(String text, PublicKey key) throws GeneralSecurityException {
        List<String> lines = text.lines().toList();
        if (lines.size() != LINES || !lines.get(0).equals(TITLE)) {
            throw new GeneralSecurityException("it is no checkpoint");
        }
        try {
            Checkpoint read = new Checkpoint(
                    Long.parseLong(value(lines.get(1), "event_id ")),
                    value(lines.get(2), "hash "),
                    Long.parseLong(value(lines.get(3), "previous_id ")),
                    Instant.parse(value(lines.get(4), "at ")));
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initVerify(key);
            signature.update(read.signedText().getBytes(StandardCharsets.UTF_8));
            if (!signature.verify(Base64.getDecoder().decode(value(lines.get(5), "signature ")))) {
                throw new GeneralSecurityException("its signature is not of this key");
            }
            return read;
        } catch (IllegalArgumentException | DateTimeException unreadable) {
            throw new GeneralSecurityException("it is no checkpoint", unreadable);
        }
    }

    private static String value(String line, String name) throws GeneralSecurityException {
        if (!line.startsWith(name)) {
            throw new GeneralSecurityException("it is no checkpoint");
        }
        return line.substring(name.length());
    }
}
