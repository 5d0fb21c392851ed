package dev.nicol.server.testing;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Keyed hashes of primary keys as docs/internals/decisions/0019 describes them, by the JDK's own HMAC. */
public final class RowHashes {
    private final Path key;
    private final Map<String, String> known = new HashMap<>();

    /** @param key the file of the mask key */
    public RowHashes(Path key) {
        this.key = key;
    }

    /** From now on {@link #key} finds this row. */
    public void know(String catalog, String schema, String table, String... values) {
        known.put(hash(catalog, schema, table, values), String.join(",", values));
    }

    /** The key of a row that is known; {@code ?} for no hash, the hash itself for another. */
    public String key(String hash) {
        return hash.equals("null") ? "?" : known.getOrDefault(hash, hash);
    }

    /** The hash of a row. */
    public String hash(String catalog, String schema, String table, String... values) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream message = new DataOutputStream(bytes);
            message.write("\0nicol row key\0".getBytes(StandardCharsets.US_ASCII));
            for (String part : new String[] {catalog, schema, table}) {
                part(message, part);
            }
            for (String value : values) {
                part(message, value);
            }
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Files.readAllBytes(key), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(bytes.toByteArray()), 0, 16);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private static void part(DataOutputStream message, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        message.writeInt(bytes.length);
        message.write(bytes);
    }
}
