package dev.nicol.server.pipeline;

import dev.nicol.policy.BoundValue;
import dev.nicol.policy.NicolError;
import dev.nicol.server.audit.KeyRecords;
import dev.nicol.server.audit.SecretFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.apache.calcite.avatica.util.ByteString;

/** The key of keyed masks: made at the first start, kept in a file of its own that only the server's user can read. */
public final class MaskKeys implements BoundValue.KeyPads {
    private static final String NAME = "mask";
    private static final int KEY_BYTES = 32;

    /** SHA-256's block, as RFC 2104 has it. */
    private static final int BLOCK_BYTES = 64;

    private static final byte INNER = 0x36;
    private static final byte OUTER = 0x5c;

    /** What a fingerprint is the keyed hash of; no value of a column has a zero byte before it. */
    private static final byte[] FINGERPRINTED = "\0nicol mask key".getBytes(StandardCharsets.US_ASCII);

    private final ByteString inner;
    private final ByteString outer;

    private MaskKeys(byte[] key) {
        this.inner = pad(key, INNER);
        this.outer = pad(key, OUTER);
    }

    /**
     * Reads the key from the file of a store.
     *
     * @param records made where there is none, unless values have been masked with one
     */
    public static MaskKeys of(Path file, KeyRecords records) {
        MaskKeys keys = in(file, !records.isKnown(NAME));
        records.require(NAME, keys.fingerprint(), file);
        return keys;
    }

    private static MaskKeys in(Path file, boolean first) {
        try {
            if (!Files.exists(file)) {
                if (!first) {
                    throw NicolError.NOT_PERMITTED.because("The mask key `" + file
                            + "` is missing. Copy it from a server of the store, or from a backup: with another key,"
                            + " hashes do not match any more.");
                }
                create(file);
            }
            byte[] key = Files.readAllBytes(file);
            if (key.length != KEY_BYTES) {
                throw new IllegalStateException("the mask key in " + file + " is damaged: it has " + key.length
                        + " bytes, not " + KEY_BYTES + ". Restore it: with another key, hashes do not match any more.");
            }
            return new MaskKeys(key);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Tells the key from others, and nothing else about it. */
    private String fingerprint() {
        return keyedHash(FINGERPRINTED);
    }

    private static void create(Path file) throws IOException {
        byte[] key = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(key);
        SecretFile.create(file, key);
    }

    private static ByteString pad(byte[] key, byte with) {
        byte[] block = new byte[BLOCK_BYTES];
        System.arraycopy(key, 0, block, 0, key.length);
        for (int i = 0; i < block.length; i++) {
            block[i] ^= with;
        }
        return new ByteString(block);
    }

    @Override
    public ByteString pad(boolean outerPad) {
        return outerPad ? outer : inner;
    }

    @Override
    public String toString() {
        return "mask keys";
    }
}
