package dev.nicol.server.audit;

import dev.nicol.lineage.Lineage;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Records every act. {@link #begin} returns only when the intent is durable; until then nothing may reach a source.
 */
public interface AuditTrail {
    /**
     * Makes the intent durable.
     *
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where it cannot be written: nothing may run
     */
    void begin(Intent intent);

    /**
     * Records what came of a statement that {@link #begin} recorded. Called exactly once a statement; never throws: a
     * failure is logged, retried, and blocks the next {@link #begin}.
     */
    void complete(String statementId, Outcome outcome);

    /** Records a statement that was refused before anything could run: intent and outcome in one. */
    void refused(Intent intent, Outcome outcome);

    /**
     * Records an act that is no statement, such as {@code login}, {@code login_failed}, {@code policy_load},
     * {@code administrative}.
     *
     * @param detail for auditors; carries no secret
     */
    void event(String kind, String userName, String detail);

    /**
     * What is about to happen.
     *
     * @param statementId unique for ever, time-ordered (UUIDv7)
     * @param connectionId the Avatica connection
     * @param boundValues of its parameters in order, for auditors: none holds what a tagged column may hold
     * @param kind the statement's kind, such as {@code SELECT}; {@code UNKNOWN} where it could not be parsed
     * @param verdict {@code allowed, warned, held, denied}
     * @param rules names of the policy and guardrail rules that it rests on
     * @param policyVersion version of the policy set in force
     * @param flow which stored columns go where
     * @param columns columns it reads or writes
     */
    record Intent(
            String statementId,
            Subject subject,
            @Nullable String connectionId,
            String sql,
            List<@Nullable String> boundValues,
            String kind,
            String verdict,
            List<String> rules,
            @Nullable String approvalId,
            String policyVersion,
            Flow flow,
            List<ColumnAccess> columns) {}

    /**
     * Which stored columns a statement's values come from, and where they go.
     *
     * @param target the table that is filled or changed; null: the client's result
     * @param asked of the statement as it was written
     * @param ran of the plan that runs, which stays within what was asked; null where none does
     */
    record Flow(
            @Nullable TableName target,
            Lineage asked,
            @Nullable Lineage ran) {
        /** Of a statement that did not get so far. */
        public static final Flow UNKNOWN = new Flow(null, Lineage.UNKNOWN, null);
    }

    /** One column touched. {@code access} is {@code read} or {@code write}; mask and rule are null where none applies. */
    record ColumnAccess(
            TableName table,
            String column,
            List<String> tags,
            String access,
            @Nullable String mask,
            @Nullable String rule) {}

    /**
     * What came of it.
     *
     * @param outcome {@code succeeded, failed, denied, held, cancelled, timed_out}
     * @param sqlState null where it succeeded
     * @param detail the full text of a failure, for auditors only; null where there is none
     * @param rows rows returned to the client, or rows written
     * @param bytes bytes of values returned, 0 for writes
     * @param rowsTouched of tables whose rows the trail tells apart, each table once for an access
     */
    record Outcome(
            String outcome,
            @Nullable String sqlState,
            @Nullable String detail,
            long rows,
            long bytes,
            long durationMs,
            List<SourceQuery> sourceQueries,
            List<RowsTouched> rowsTouched) {
        /** Of a statement of whose rows nothing is kept. */
        public Outcome(
                String outcome,
                @Nullable String sqlState,
                @Nullable String detail,
                long rows,
                long bytes,
                long durationMs,
                List<SourceQuery> sourceQueries) {
            this(outcome, sqlState, detail, rows, bytes, durationMs, sourceQueries, List.of());
        }
    }

    /**
     * Rows of one table.
     *
     * @param access {@code read, insert, update, delete}
     * @param keyHashes of those that are told apart, each once
     * @param untold whether there may be others
     */
    record RowsTouched(TableName table, String access, List<String> keyHashes, boolean untold) {
        public RowsTouched {
            keyHashes = List.copyOf(keyHashes);
        }
    }

    /** One SQL text that was sent to a source, exactly as sent; parameters stay out of it. */
    record SourceQuery(String source, String environment, String sql, long rows, long durationMs) {}
}
