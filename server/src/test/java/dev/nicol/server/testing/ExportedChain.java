package dev.nicol.server.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Verifies exported events by what docs/reference/system-tables.md says, with code of its own. */
public final class ExportedChain {
    private static final ObjectMapper JSON = new ObjectMapper();

    private ExportedChain() {}

    public static List<JsonNode> parsed(List<String> lines) {
        return lines.stream().map(ExportedChain::parsed).toList();
    }

    private static JsonNode parsed(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException notJson) {
            throw new UncheckedIOException(line, notJson);
        }
    }

    /** Fails where a row does not follow the one before it. */
    public static void verify(List<JsonNode> rows) {
        String previous = rows.get(0).get("previous_hash").asText();
        for (JsonNode row : rows) {
            assertThat(row.get("previous_hash").asText()).isEqualTo(previous);
            String hash = row.get("hash").asText();
            if (row.has("format_version")) {
                assertThat(hash(row, previous)).isEqualTo(hash);
            }
            previous = hash;
        }
    }

    private static String hash(JsonNode row, String previous) {
        try {
            byte[] server = row.get("server").asText().getBytes(StandardCharsets.US_ASCII);
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update("nicol.audit.event\0".getBytes(StandardCharsets.US_ASCII));
            digest.update((byte) 2);
            digest.update((byte) server.length);
            digest.update(server);
            digest.update(
                    ByteBuffer.allocate(8).putLong(row.get("event_id").asLong()).array());
            digest.update(row.get("payload").asText().getBytes(StandardCharsets.UTF_8));
            digest.update(HexFormat.of().parseHex(previous));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
