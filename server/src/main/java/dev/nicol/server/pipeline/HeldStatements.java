package dev.nicol.server.pipeline;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Subject;
import dev.nicol.policy.SubjectSelector;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Hold;
import dev.nicol.server.approval.Approval;
import dev.nicol.server.approval.ApprovalRequest;
import dev.nicol.server.approval.ApprovalStore;
import dev.nicol.server.audit.StoredText;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Files held statements as approval requests: what an approver will see, and what the client is told. */
final class HeldStatements {
    /** How long a held statement waits where its guardrail does not say. */
    static final Duration DEFAULT_EXPIRY = Duration.ofHours(24);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ApprovalStore approvals;
    private final Supplier<PolicySet> policies;
    private final BoundValue.KeyPads keys;
    private final KeptValues kept;
    private final Clock clock;

    HeldStatements(ApprovalStore approvals, Supplier<PolicySet> policies, BoundValue.KeyPads keys, Clock clock) {
        this.approvals = approvals;
        this.policies = policies;
        this.keys = keys;
        this.kept = new KeptValues(keys);
        this.clock = clock;
    }

    /**
     * Files one.
     *
     * @param rules that hold it
     * @param counted rows that it would write; null where they were not counted
     * @param why an approval that it has does not do; empty where it has none
     * @return what the client is told
     */
    NicolException filed(
            PlannedStatement planned,
            String statementId,
            List<GuardrailRule> rules,
            @Nullable Long counted,
            String why) {
        ApproveStage.AdmittedStatement admitted = planned.admitted();
        Approval filed = approvals.file(request(planned, statementId, rules, counted));
        String id = filed.approvalId();
        return NicolError.HELD_FOR_APPROVAL.because(
                "Held for approval as request " + id + " by guardrail " + names(rules)
                        + (counted == null ? "" : ": it would write " + counted + (counted == 1 ? " row" : " rows"))
                        + "." + why + admitted.note() + " "
                        + rules.stream()
                                .map(HeldStatements::needed)
                                .distinct()
                                .collect(Collectors.joining("; ", "Approvers: ", "."))
                        + " They may approve it until " + filed.expiresAt() + " with CALL nicol.approve('" + id
                        + "', 'comment'); then run the same statement again, or CALL nicol.run('" + id + "').");
    }

    private ApprovalRequest request(
            PlannedStatement planned, String statementId, List<GuardrailRule> rules, @Nullable Long counted) {
        ApproveStage.AdmittedStatement admitted = planned.admitted();
        TracedStatement traced = admitted.guarded().traced();
        ParsedStatement parsed = planned.parsed();
        Invocation invocation = admitted.invocation();
        Subject subject = invocation.subject();
        Duration wait = rules.stream()
                .map(rule -> hold(rule).expiresAfter() == null
                        ? DEFAULT_EXPIRY
                        : hold(rule).expiresAfter())
                .min(Comparator.naturalOrder())
                .orElse(DEFAULT_EXPIRY);
        Instant expires = clock.instant().truncatedTo(ChronoUnit.SECONDS).plus(wait);
        return new ApprovalRequest(
                new ApprovalRequest.Requester(
                        subject.userName(),
                        subject.agent(),
                        subject.purpose(),
                        subject.job(),
                        subject.model(),
                        subject.client()),
                new ApprovalRequest.Asked(
                        invocation.sql(),
                        parsed.within().catalog(),
                        parsed.within().schema(),
                        // the store writes no NUL: what is left is another text
                        StoredText.writable(invocation.sql()).equals(invocation.sql())
                                ? kept.sealed(invocation.parameters(), statementId)
                                : KeptValues.NOT_KEPT),
                new ApprovalRequest.Shown(
                        statementId,
                        parsed.kind().name(),
                        values(RecordedValues.of(traced, invocation.parameters(), keys)),
                        ApprovalBinding.plan(traced.governed().body()),
                        lineage(traced),
                        estimated(admitted.guarded()),
                        counted),
                "guardrail " + names(rules),
                rules.stream()
                        .map(rule -> new ApprovalRequest.Needed(
                                rule.name(),
                                words(hold(rule).approvers()),
                                hold(rule).approvals()))
                        .toList(),
                Objects.requireNonNull(admitted.binding(), "a held statement has a binding"),
                policies.get().version(),
                expires);
    }

    private static @Nullable Long estimated(GuardedStatement guarded) {
        OptionalDouble rows = guarded.traced().governed().body() instanceof Body.Query
                ? guarded.facts().estimatedRows()
                : OptionalDouble.empty();
        return rows.isEmpty() ? null : Math.round(rows.getAsDouble());
    }

    private static String names(List<GuardrailRule> rules) {
        return rules.stream().map(rule -> "`" + rule.name() + "`").collect(Collectors.joining(", "));
    }

    private static Hold hold(GuardrailRule rule) {
        return Objects.requireNonNull(rule.hold(), "a rule that holds says who approves");
    }

    private static String needed(GuardrailRule rule) {
        Hold hold = hold(rule);
        String who = words(hold.approvers());
        return hold.approvals() == 1 ? who : who + " (" + hold.approvals() + " approvals)";
    }

    /** Whom a selector names. */
    static String words(SubjectSelector selector) {
        List<String> words = new ArrayList<>();
        named(words, "members of ", selector.groups());
        named(words, "user ", selector.users());
        named(words, "role ", selector.roles());
        if (words.isEmpty()) {
            return "its approvers";
        }
        return String.join(", ", words);
    }

    private static void named(List<String> words, String kind, Iterable<String> names) {
        TreeSet<String> sorted = new TreeSet<>();
        names.forEach(sorted::add);
        if (!sorted.isEmpty()) {
            words.add(kind + String.join(", ", sorted));
        }
    }

    /** As {@code audit.statements.bound_values} has them. */
    private static @Nullable String values(List<@Nullable String> recorded) {
        if (recorded.isEmpty()) {
            return null;
        }
        ArrayNode values = JSON.createArrayNode();
        recorded.forEach(values::add);
        return values.toString();
    }

    /** Without what policies alone read, which who asks does not know of. */
    private static @Nullable String lineage(TracedStatement traced) {
        Lineage lineage = traced.lineage();
        List<String> lines = new ArrayList<>();
        if (!lineage.complete()) {
            lines.add("not known in full");
        }
        lineage.edges().stream()
                .filter(edge -> edge.kind() != LineageEdge.Kind.POLICY_FILTER)
                .filter(edge -> traced.columns().stream()
                        .anyMatch(column -> column.table().equals(edge.sourceTable())
                                && column.column().equals(edge.sourceColumn())
                                && !column.access().equals(TraceStage.POLICY)))
                .map(edge -> (edge.targetColumn() == null ? "(every row)" : edge.targetColumn()) + " <- "
                        + edge.sourceTable() + "." + edge.sourceColumn() + " " + edge.kind()
                        + (edge.masked() ? ", masked" : ""))
                .forEach(lines::add);
        return lines.isEmpty() ? null : String.join("\n", lines);
    }
}
