package dev.nicol.server.pipeline;

import dev.nicol.policy.BoundValue;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.pipeline.StatementMetrics.Stage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How far a statement has come: what the trail is told when a stage refuses it. */
final class Progress {
    private final String statementId;
    private final Invocation invocation;
    private final BoundValue.KeyPads keys;
    private final long startedNanos = System.nanoTime();
    private StatementKind kind = StatementKind.UNKNOWN;
    private @Nullable TracedStatement traced;
    private @Nullable GuardedStatement guarded;
    private @Nullable PlannedStatement planned;
    private final StatementMetrics metrics;
    private final StatementQueue.Turn turn;
    private long lap = startedNanos;
    private boolean begun;

    /** @param keys for hashes of values that the trail must not show */
    Progress(
            String statementId,
            Invocation invocation,
            BoundValue.KeyPads keys,
            StatementMetrics metrics,
            StatementQueue.Turn turn) {
        this.metrics = metrics;
        this.turn = turn;
        this.statementId = statementId;
        this.invocation = invocation;
        this.keys = keys;
    }

    /** A stage is over, which began when the one before was. */
    void took(Stage stage) {
        long now = System.nanoTime();
        metrics.took(stage, now - lap);
        lap = now;
    }

    ParsedStatement at(ParsedStatement parsed) {
        took(Stage.PARSE);
        kind = parsed.kind();
        return parsed;
    }

    TracedStatement at(TracedStatement reached) {
        kind = reached.parsed().kind();
        traced = reached;
        return reached;
    }

    ValidatedStatement at(ValidatedStatement reached) {
        took(Stage.VALIDATE);
        return reached;
    }

    GovernedStatement at(GovernedStatement reached) {
        took(Stage.CONVERT);
        return reached;
    }

    GuardedStatement at(GuardedStatement reached) {
        took(Stage.GUARD);
        guarded = reached;
        at(reached.traced());
        return reached;
    }

    ApproveStage.AdmittedStatement at(ApproveStage.AdmittedStatement reached) {
        took(Stage.APPROVE);
        return reached;
    }

    PlannedStatement at(PlannedStatement reached) {
        took(Stage.PLAN);
        planned = reached;
        return reached;
    }

    StatementQueue.Turn turn() {
        return turn;
    }

    StatementMetrics metrics() {
        return metrics;
    }

    long elapsedNanos() {
        return System.nanoTime() - startedNanos;
    }

    StatementKind kind() {
        return kind;
    }

    String statementId() {
        return statementId;
    }

    long elapsedMs() {
        return (System.nanoTime() - startedNanos) / 1_000_000;
    }

    /** The intent is durable: from here the run records the outcome. */
    void begun() {
        took(Stage.AUDIT);
        begun = true;
    }

    boolean hasBegun() {
        return begun;
    }

    AuditTrail.Intent intent(String verdict, @Nullable String approvalId, String policyVersion) {
        TracedStatement reached = traced;
        return new AuditTrail.Intent(
                statementId,
                invocation.subject(),
                invocation.session().connectionId(),
                invocation.sql(),
                RecordedValues.of(reached, invocation.parameters(), keys),
                kind.name(),
                verdict,
                rules(),
                approvalId,
                policyVersion,
                flow(reached),
                reached == null ? List.of() : reached.columns());
    }

    private AuditTrail.Flow flow(@Nullable TracedStatement reached) {
        PlannedStatement runs = planned;
        if (reached == null) {
            return AuditTrail.Flow.UNKNOWN;
        }
        return runs == null ? reached.flow(null) : runs.planning().flow();
    }

    private List<String> rules() {
        GuardedStatement judged = guarded;
        if (judged == null) {
            TracedStatement reached = traced;
            return reached == null ? List.of() : reached.rules();
        }
        List<String> rules = new ArrayList<>(judged.traced().rules());
        judged.judgement().tripped().forEach(rule -> rules.add(rule.name()));
        return rules;
    }
}
