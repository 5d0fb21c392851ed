package dev.nicol.server.audit;

import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Walks along a part of one server's chain. */
final class PartialWalk {
    private PartialWalk() {}

    /**
     * Consecutive events, and what stays of them should they be dropped.
     *
     * @param root null where they are not as they were written
     */
    record Segment(AuditVerifier.Chain chain, @Nullable SegmentRoot root) {}

    /**
     * Walks the last events only, and no further back than where a broken chain was accepted. A checkpoint of an earlier
     * event is met by what the store shows of that event.
     */
    static AuditVerifier.Chain ofTheEnd(Connection connection, String server, List<Checkpoint> signed, int events)
            throws SQLException {
        ChainWalk walk = new ChainWalk(connection, server, signed, new EnumMap<>(TrailTable.class));
        Object oldest = walk.value("SELECT MIN(t.event_id) FROM (SELECT event_id FROM audit.events WHERE server = ?"
                + " ORDER BY event_id DESC LIMIT " + events + ") t");
        if (oldest instanceof Long first) {
            Object accepted = walk.value("SELECT MAX(event_id) FROM audit.events WHERE server = ? AND event_id >= "
                    + first + " AND kind = '" + ChainAtStart.ACCEPTED + "'");
            long begin = accepted instanceof Long later ? later : first;
            // as the event itself says what it follows
            Object previous =
                    walk.value("SELECT previous_hash FROM audit.events WHERE server = ? AND event_id = " + begin);
            if (begin > 1 && previous != null) {
                walk.after(begin - 1, previous.toString());
            }
        }
        return walk.walk();
    }

    /** Walks consecutive events from what is before them. */
    static Segment segment(Connection connection, String server, long firstId, long lastId) throws SQLException {
        MessageDigest hashes = SegmentRoot.digestOfHashes();
        ChainWalk walk = new ChainWalk(connection, server, List.of(), new EnumMap<>(TrailTable.class));
        String previous = hashBefore(walk, connection, server, firstId);
        AuditVerifier.Chain chain =
                walk.after(firstId - 1, previous).upTo(lastId, hashes).walk();
        if (chain.problem() != null) {
            return new Segment(chain, null);
        }
        return new Segment(
                chain, new SegmentRoot(firstId, lastId, previous, walk.lastHash(), SegmentRoot.finished(hashes)));
    }

    /** Of the event before, or of what is left of it; empty where there is neither, which nothing follows. */
    private static String hashBefore(ChainWalk walk, Connection connection, String server, long eventId)
            throws SQLException {
        if (eventId == 1) {
            return EventHash.GENESIS;
        }
        Object before = walk.value("SELECT hash FROM audit.events WHERE server = ? AND event_id = " + (eventId - 1));
        if (before != null) {
            return before.toString();
        }
        SegmentRoot root = SegmentRoot.endingWith(connection, server, eventId - 1);
        return root == null ? "" : root.lastHash();
    }
}
