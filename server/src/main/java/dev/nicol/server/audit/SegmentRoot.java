package dev.nicol.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * What is left of consecutive events that were dropped. The chain goes on from {@code lastHash}, which covers all of them.
 *
 * @param previousHash of the event before the first
 * @param lastHash of the last
 * @param digest {@code SHA-256(domain ‖ hash of each)}, where the domain is the 19 ASCII bytes {@code nicol.audit.segment}
 *     and a zero byte, and a hash 32 bytes: whoever has kept a copy of the events tells by it that nothing is missing
 */
record SegmentRoot(long firstId, long lastId, String previousHash, String lastHash, String digest) {
    /** The event that drops a segment; it is never dropped itself. */
    static final String DROPPED = "segment_dropped";

    /** Under which that event has the root. */
    static final String NAME = "segment";

    private static final byte[] DOMAIN = "nicol.audit.segment\0".getBytes(StandardCharsets.US_ASCII);
    private static final String SELECT = "SELECT first_id, last_id, previous_hash, last_hash, digest FROM"
            + " internal.dropped_segments WHERE server = ? AND ";

    static MessageDigest digestOfHashes() {
        MessageDigest digest = EventHash.sha256();
        digest.update(DOMAIN);
        return digest;
    }

    static String finished(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    long events() {
        return lastId - firstId + 1;
    }

    ObjectNode json() {
        return TrailEvent.object()
                .put("first_id", firstId)
                .put("last_id", lastId)
                .put("previous_hash", previousHash)
                .put("last_hash", lastHash)
                .put("digest", digest);
    }

    /** The root that an event tells of. */
    static SegmentRoot of(JsonNode json) {
        return new SegmentRoot(
                json.path("first_id").asLong(),
                json.path("last_id").asLong(),
                json.path("previous_hash").asText(),
                json.path("last_hash").asText(),
                json.path("digest").asText());
    }

    /** The one that begins with this event. */
    static @Nullable SegmentRoot beginningWith(Connection connection, String server, long eventId) throws SQLException {
        return find(connection, server, "first_id = ?", eventId);
    }

    /** The one that ends with this event. */
    static @Nullable SegmentRoot endingWith(Connection connection, String server, long eventId) throws SQLException {
        return find(connection, server, "last_id = ?", eventId);
    }

    /** The one that this event was in. */
    static @Nullable SegmentRoot around(Connection connection, String server, long eventId) throws SQLException {
        return find(connection, server, "first_id <= ? AND last_id >= " + eventId, eventId);
    }

    /** The one that this event dropped. */
    static @Nullable SegmentRoot droppedBy(Connection connection, String server, long eventId) throws SQLException {
        return find(connection, server, "dropped_by = ?", eventId);
    }

    private static @Nullable SegmentRoot find(Connection connection, String server, String condition, long eventId)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SELECT + condition + " ORDER BY first_id")) {
            statement.setString(1, server);
            statement.setLong(2, eventId);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new SegmentRoot(
                                row.getLong(1), row.getLong(2), row.getString(3), row.getString(4), row.getString(5))
                        : null;
            }
        }
    }

    void insert(Connection connection, String server, long droppedBy) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO internal.dropped_segments"
                + " (server, first_id, last_id, previous_hash, last_hash, digest, dropped_by)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?)")) {
            statement.setString(1, server);
            statement.setLong(2, firstId);
            statement.setLong(3, lastId);
            statement.setString(4, previousHash);
            statement.setString(5, lastHash);
            statement.setString(6, digest);
            statement.setLong(7, droppedBy);
            statement.executeUpdate();
        }
    }
}
