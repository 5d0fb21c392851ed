package dev.nicol.server.pipeline;

import dev.nicol.policy.BoundValue;
import dev.nicol.server.audit.SecretFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.apache.calcite.avatica.util.ByteString;

/** The key of keyed masks: made at the first start, kept in a file of its own that only the server's user can read. */
public final class MaskKeys implements BoundValue.KeyPads {
    private static final int KEY_BYTES = 32;

    /** SHA-256's block, as RFC 2104 has it. */
    private static final int BLOCK_BYTES = 64;

    private static final byte INNER = 0x36;
    private static final byte OUTER = 0x5c;

    private final ByteString inner;
    private final ByteString outer;

    private MaskKeys(byte[] key) {
        this.inner = pad(key, INNER);
        this.outer = pad(key, OUTER);
    }

    /** Reads the key from a file, which is made where there is none. */
    public static MaskKeys in(Path file) {
        try {
            if (!Files.exists(file)) {
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
