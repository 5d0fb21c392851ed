package dev.nicol.server.audit;

import dev.nicol.policy.guardrail.Spent;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What statements add to {@code internal.spent}: one row for what a subject does in five minutes, kept for as long as
 * {@link SubjectHistory} asks for it.
 */
final class SpentSums {
    private static final long STEP_MS = 300_000;

    /** Where a row has its subject and its step. */
    private static final int SUBJECT = 3;

    private static final int AT = 5;

    private static final Set<String> VERDICTS = Set.of("allowed", "warned");

    private static final Set<String> KINDS =
            Set.of("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE_TABLE", "DROP_TABLE", "ALTER_TABLE", "TRUNCATE");

    private final String server;
    private final Map<String, TreeMap<Long, Spent>> sums = new TreeMap<>();

    /** @param server whose statements they are */
    SpentSums(String server) {
        this.server = server;
    }

    /** The step's first millisecond since the epoch. */
    static long step(Instant at) {
        return Math.floorDiv(at.toEpochMilli(), STEP_MS) * STEP_MS;
    }

    /** Whose budget counts what an agent, or a user without one, does. */
    static String subject(String userName, @Nullable String agent) {
        return agent == null ? "user " + userName : "agent " + agent;
    }

    /** The same; null where the statement counts for nobody's. */
    static @Nullable String subject(
            String userName, @Nullable String agent, @Nullable String verdict, @Nullable String statementKind) {
        boolean counts =
                verdict != null && VERDICTS.contains(verdict) && statementKind != null && KINDS.contains(statementKind);
        return counts ? subject(userName, agent) : null;
    }

    /** Adds what a statement that began at that time came to; nothing without a subject. */
    void add(@Nullable String subject, OffsetDateTime startedAt, Spent spent) {
        if (subject != null) {
            sums.computeIfAbsent(subject, added -> new TreeMap<>())
                    .merge(step(startedAt.toInstant()), spent, Spent::and);
        }
    }

    /** Adds the sums to the store's; the caller commits. */
    void write(Connection connection) throws SQLException {
        List<List<@Nullable Object>> rows = new ArrayList<>();
        sums.forEach((subject, steps) -> steps.forEach((at, spent) -> rows.add(Arrays.asList(
                spent.statements(),
                spent.rows(),
                spent.bytes(),
                subject,
                server,
                TrailRows.inUtc(Instant.ofEpochMilli(at))))));
        List<List<@Nullable Object>> added = TrailTransaction.changeOrAdd(
                connection,
                "UPDATE internal.spent SET statements = statements + ?, row_count = row_count + ?,"
                        + " byte_count = byte_count + ? WHERE subject = ? AND server = ? AND at = ?",
                "INSERT INTO internal.spent (statements, row_count, byte_count, subject, server, at)"
                        + " VALUES (?, ?, ?, ?, ?, ?)",
                rows);
        List<List<@Nullable Object>> past = new ArrayList<>();
        for (List<@Nullable Object> row : added) {
            OffsetDateTime at = (OffsetDateTime) Objects.requireNonNull(row.get(AT));
            past.add(Arrays.asList(row.get(SUBJECT), server, at.minus(SubjectHistory.LONGEST.multipliedBy(2))));
        }
        TrailTransaction.batch(
                connection, "DELETE FROM internal.spent WHERE subject = ? AND server = ? AND at < ?", past);
    }
}
