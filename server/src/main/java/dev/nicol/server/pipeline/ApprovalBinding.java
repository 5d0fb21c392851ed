package dev.nicol.server.pipeline;

import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Rule;
import dev.nicol.policy.Subject;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Judgement;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.approval.Binding;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.sql.SqlExplainFormat;
import org.apache.calcite.sql.SqlExplainLevel;
import org.jspecify.annotations.Nullable;

/** What exactly an approval of a statement is for: the same on every server of a store, and after a restart. */
final class ApprovalBinding {
    /** A bound value in a printed plan: its number is the process's own. */
    private static final Pattern BOUND = Pattern.compile("\\?(\\d{7,9})");

    private final Map<Binding.Part, List<String>> parts = new EnumMap<>(Binding.Part.class);
    private final GuardedStatement guarded;
    private final Subject subject;
    private final BoundValue.KeyPads keys;

    private ApprovalBinding(GuardedStatement guarded, Subject subject, BoundValue.KeyPads keys) {
        this.guarded = guarded;
        this.subject = subject;
        this.keys = keys;
    }

    /**
     * @param invocation of this execution
     * @param policies the set in force: of it counts what the statement rests on
     */
    static Binding of(GuardedStatement guarded, Invocation invocation, PolicySet policies, BoundValue.KeyPads keys) {
        ApprovalBinding binding = new ApprovalBinding(guarded, invocation.subject(), keys);
        binding.add(Binding.Part.SQL, invocation.sql());
        for (Object parameter : invocation.parameters()) {
            binding.parameter(parameter);
        }
        binding.add(Binding.Part.PURPOSE, String.valueOf(invocation.subject().purpose()));
        Body body = guarded.traced().governed().body();
        binding.target(body);
        ConvertStage.plans(body).forEach(binding::plan);
        if (body instanceof Body.Insert insert) {
            binding.seal(insert.sealed());
        }
        binding.policies(policies);
        return Binding.of(binding.parts);
    }

    /** The governed plan as text; null where the statement has none. */
    static @Nullable String plan(Body body) {
        List<RelNode> plans = ConvertStage.plans(body);
        return plans.isEmpty() ? null : dumped(plans.get(0));
    }

    private static String dumped(RelNode plan) {
        return RelOptUtil.dumpPlan("", plan, SqlExplainFormat.TEXT, SqlExplainLevel.EXPPLAN_ATTRIBUTES);
    }

    private void add(Binding.Part part, String text) {
        parts.computeIfAbsent(part, none -> new ArrayList<>()).add(text);
    }

    /** Arrays element by element: in one text, one element with a comma reads like two. */
    private void parameter(@Nullable Object value) {
        if (value instanceof List<?> elements) {
            add(Binding.Part.PARAMETERS, "array of " + elements.size());
            elements.forEach(this::parameter);
        } else {
            add(
                    Binding.Part.PARAMETERS,
                    value == null ? "NULL" : value.getClass().getName() + " " + value);
        }
    }

    private void target(Body body) {
        Body.Target written = TraceStage.target(body);
        if (written != null) {
            add(Binding.Part.TARGET, written.name().toString());
            add(Binding.Part.TABLES, written.stored().rowType().getFullTypeString());
        } else if (body instanceof Body.Definition definition) {
            add(Binding.Part.TARGET, definition.target().toString());
            if (definition.stored() != null) {
                add(Binding.Part.TABLES, definition.stored().rowType().getFullTypeString());
            }
        }
    }

    private void plan(RelNode plan) {
        add(Binding.Part.PLAN, withValues(dumped(plan)));
        Seals.in(plan).forEach(this::seal);
    }

    /** A seal prints as its table's name: what is inside belongs to what is approved. */
    private void seal(SealedScan scan) {
        add(Binding.Part.PLAN, withValues(dumped(scan.governed())));
        add(
                Binding.Part.TABLES,
                scan.decision().table() + " " + scan.getRowType().getFullTypeString());
        if (scan.ofView()) {
            add(Binding.Part.VIEWS, withValues(dumped(scan.viewPlan())));
        }
    }

    /** Two who have the same rules may still see other rows: what the plan asks of its subject counts. */
    private String withValues(String plan) {
        Matcher bound = BOUND.matcher(plan);
        return bound.replaceAll(found -> {
            int index = Integer.parseInt(found.group(1));
            // anything else is text that only looks like one
            Object value = BoundParameter.isGiven(index) ? BoundParameter.resolve(index, subject, keys) : index;
            return Matcher.quoteReplacement("{" + (value instanceof ByteString ? "key" : value) + "}");
        });
    }

    private void policies(PolicySet policies) {
        Judgement judgement = guarded.judgement();
        Set<String> names = new TreeSet<>(guarded.traced().rules());
        judgement.tripped().stream().map(GuardrailRule::name).forEach(names::add);
        judgement.onRows().stream().map(GuardrailRule::name).forEach(names::add);
        for (Rule rule : policies.rules()) {
            if (names.contains(rule.name())) {
                add(Binding.Part.POLICY, PolicySet.definition(rule));
            }
        }
    }
}
