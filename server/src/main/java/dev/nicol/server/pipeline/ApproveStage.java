package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Hold;
import dev.nicol.policy.guardrail.Judgement;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.approval.Approval;
import dev.nicol.server.approval.ApprovalRequest;
import dev.nicol.server.approval.ApprovalStore;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.sql.SqlExplainFormat;
import org.apache.calcite.sql.SqlExplainLevel;
import org.jspecify.annotations.Nullable;

/** Stage 6. Denied statements end here, held ones wait for a decision. The only maker of an {@link AdmittedStatement}. */
final class ApproveStage {
    /** How long a held statement waits where its guardrail does not say. */
    static final Duration DEFAULT_EXPIRY = Duration.ofHours(24);

    private final ApprovalStore approvals;
    private final Clock clock;

    ApproveStage(ApprovalStore approvals, Clock clock) {
        this.approvals = approvals;
        this.clock = clock;
    }

    /** A statement that may run. */
    static final class AdmittedStatement {
        private final GuardedStatement guarded;
        private final @Nullable String approvalId;

        private AdmittedStatement(GuardedStatement guarded, @Nullable String approvalId) {
            this.guarded = guarded;
            this.approvalId = approvalId;
        }

        GuardedStatement guarded() {
            return guarded;
        }

        /** The approval that lets it through; null where none was needed. */
        @Nullable
        String approvalId() {
            return approvalId;
        }
    }

    /** @param parameters of this execution: an approval is bound to them */
    AdmittedStatement approve(GuardedStatement guarded, List<@Nullable Object> parameters) {
        Judgement judgement = guarded.judgement();
        return switch (judgement.verdict()) {
            case ALLOW, WARN -> new AdmittedStatement(guarded, null);
            case DENY ->
                throw NicolError.GUARDRAIL_DENIED.because("Guardrail " + names(judgement)
                        + " denies this statement" + environments(guarded)
                        + ". Narrow it, or ask a steward whether it may be changed.");
            case HOLD -> held(guarded, parameters);
        };
    }

    private AdmittedStatement held(GuardedStatement guarded, List<@Nullable Object> parameters) {
        ParsedStatement parsed = guarded.parsed();
        String binding = binding(guarded, parameters);
        String agent = parsed.subject().agent();
        Approval approved = approvals
                .findApproved(binding, parsed.subject().userName(), agent)
                .orElse(null);
        if (approved != null && clock.instant().isBefore(approved.request().expiresAt())) {
            return new AdmittedStatement(guarded, approved.approvalId());
        }
        GuardrailRule rule = guarded.judgement().tripped().get(0);
        Hold hold = Objects.requireNonNull(rule.hold());
        Instant expires = clock.instant()
                .truncatedTo(ChronoUnit.SECONDS)
                .plus(hold.expiresAfter() == null ? DEFAULT_EXPIRY : hold.expiresAfter());
        String id = approvals.create(new ApprovalRequest(
                parsed.subject().userName(),
                agent,
                parsed.sql(),
                "guardrail " + names(guarded.judgement()),
                plan(guarded),
                null,
                rule.name(),
                binding,
                expires));
        throw NicolError.HELD_FOR_APPROVAL.because("Held for approval as request " + id + " by guardrail `"
                + rule.name() + "`. " + approvers(hold) + " may approve it until " + expires
                + " with CALL nicol.approve('" + id + "', 'comment'); then run the same statement again.");
    }

    private static String approvers(Hold hold) {
        String groups = String.join(", ", hold.approvers().groups());
        return groups.isEmpty() ? "Its approvers" : "Members of " + groups;
    }

    private static String names(Judgement judgement) {
        return judgement.tripped().stream()
                .filter(rule -> rule.action() == judgement.verdict())
                .map(rule -> "`" + rule.name() + "`")
                .collect(Collectors.joining(", "));
    }

    private static String environments(GuardedStatement guarded) {
        var sources = GuardStage.sources(guarded.traced().governed().body());
        return sources.isEmpty() ? "" : " on source `" + String.join("`, `", sources) + "`";
    }

    private static @Nullable String plan(GuardedStatement guarded) {
        List<RelNode> plans = ConvertStage.plans(guarded.traced().governed().body());
        return plans.isEmpty() ? null : dumped(plans.get(0));
    }

    private static String dumped(RelNode plan) {
        return RelOptUtil.dumpPlan("", plan, SqlExplainFormat.TEXT, SqlExplainLevel.EXPPLAN_ATTRIBUTES);
    }

    private static @Nullable TableName target(Body body) {
        Body.Target written = TraceStage.target(body);
        return written != null
                ? written.name()
                : body instanceof Body.Definition definition ? definition.target() : null;
    }

    /** A digest of all that an approval is for. */
    private static String binding(GuardedStatement guarded, List<@Nullable Object> parameters) {
        GovernedStatement governed = guarded.traced().governed();
        List<String> parts = new ArrayList<>();
        parts.add(guarded.parsed().sql());
        parts.add(String.valueOf(plan(guarded)));
        // The plan of a write says what it reads; the same words under another default schema write elsewhere.
        parts.add(String.valueOf(target(governed.body())));
        parts.add(governed.validated().catalog().version().fingerprint());
        // A sealed view prints as its name: what its query is belongs to what was approved.
        for (RelNode plan : ConvertStage.plans(governed.body())) {
            for (SealedScan scan : Seals.in(plan)) {
                parts.add(scan.ofView() ? dumped(scan.viewPlan()) : "");
            }
        }
        for (Object parameter : parameters) {
            parts.add(parameter == null ? "NULL" : parameter.getClass().getName() + " " + parameter);
        }
        StringBuilder all = new StringBuilder();
        // With their lengths: else "a, b" and "c" would read like "a" and "b, c".
        parts.forEach(part -> all.append(part.length()).append(':').append(part));
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(all.toString().getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
