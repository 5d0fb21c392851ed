package dev.nicol.server.pipeline;

import dev.nicol.lineage.Lineage;
import dev.nicol.policy.BoundValue;
import dev.nicol.server.audit.AuditTrail;
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
    private boolean begun;

    /** @param keys for hashes of values that the trail must not show */
    Progress(String statementId, Invocation invocation, BoundValue.KeyPads keys) {
        this.statementId = statementId;
        this.invocation = invocation;
        this.keys = keys;
    }

    ParsedStatement at(ParsedStatement parsed) {
        kind = parsed.kind();
        return parsed;
    }

    TracedStatement at(TracedStatement reached) {
        kind = reached.parsed().kind();
        traced = reached;
        return reached;
    }

    GuardedStatement at(GuardedStatement reached) {
        guarded = reached;
        at(reached.traced());
        return reached;
    }

    PlannedStatement at(PlannedStatement reached) {
        planned = reached;
        return reached;
    }

    String statementId() {
        return statementId;
    }

    long elapsedMs() {
        return (System.nanoTime() - startedNanos) / 1_000_000;
    }

    /** The intent is durable: from here the run records the outcome. */
    void begun() {
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
        Lineage ran = runs == null ? null : runs.ran();
        return new AuditTrail.Flow(
                reached.target(),
                reached.lineage().and(reached.stops()),
                ran == null ? null : ran.and(reached.stops()));
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
