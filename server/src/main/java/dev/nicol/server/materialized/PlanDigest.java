package dev.nicol.server.materialized;

import com.google.common.hash.Hashing;
import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.rewrite.LookUps;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Sealer;
import dev.nicol.policy.rewrite.Seals;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.sql.SqlExplainFormat;
import org.apache.calcite.sql.SqlExplainLevel;
import org.jspecify.annotations.Nullable;

/**
 * What a governed plan reads, in short: plans of one digest read the same rows at the same moment, whoever has them.
 *
 * @param digest of the plan and of what is behind its seals, 64 hex digits; null where the rows depend on who asks even with
 *     the same plan
 * @param dependence why they do; null where they do not
 */
public record PlanDigest(@Nullable String digest, @Nullable String dependence) {
    /** A parameter in a printed plan. */
    private static final Pattern PARAMETER = Pattern.compile("\\?(\\d{1,9})");

    /** A row of an outer query in a printed plan: its number is of the space where it was planned. Or a text, which may look like one. */
    private static final Pattern OUTER = Pattern.compile("'[^']*'|\\$cor(\\d+)");

    /** The catalog of what Nicol knows itself, where everyone has rows of their own. */
    private static final String SYSTEM = "nicol";

    public static PlanDigest of(RelNode governed) {
        RelNode plan = Sealer.bound(governed);
        if (LookUps.needed(plan)) {
            return new PlanDigest(null, "a policy on what it reads looks up other tables");
        }
        StringBuilder text = new StringBuilder(dumped(plan));
        text.append(plan.getRowType().getFullTypeString());
        for (SealedScan scan : Seals.in(plan)) {
            if (scan.decision().table().catalog().equals(SYSTEM)) {
                return new PlanDigest(null, "it reads tables of the system");
            }
            if (PolicyCalls.any(scan, PlanDigest::changesInTime)) {
                return new PlanDigest(null, "a policy on what it reads goes by the time");
            }
            text.append(scan.decision().table()).append(dumped(scan.governed()));
            if (scan.ofView()) {
                text.append(dumped(scan.viewPlan()));
            }
        }
        Matcher parameters = PARAMETER.matcher(text);
        while (parameters.find()) {
            if (BoundParameter.isGiven(Integer.parseInt(parameters.group(1)))) {
                return new PlanDigest(null, "it, or a policy on what it reads, asks who that is or takes a key");
            }
        }
        return new PlanDigest(
                Hashing.sha256()
                        .hashString(numbered(text.toString()), StandardCharsets.UTF_8)
                        .toString(),
                null);
    }

    /** @throws dev.nicol.policy.NicolException NOT_SUPPORTED where there is none */
    public String orRefuse() {
        if (digest == null) {
            throw NicolError.NOT_SUPPORTED.because("The rows of this view depend on who asks: " + dependence
                    + ". They are not kept for others; make it a view without rows of its own.");
        }
        return digest;
    }

    private static String dumped(RelNode plan) {
        return RelOptUtil.dumpPlan("", plan, SqlExplainFormat.TEXT, SqlExplainLevel.EXPPLAN_ATTRIBUTES);
    }

    /** What is other at another moment: what a policy hides by that must not be shown out of what is kept. */
    private static boolean changesInTime(RexCall call) {
        return call.getOperator().isDynamicFunction() || !call.getOperator().isDeterministic();
    }

    private static String numbered(String plan) {
        Map<String, Integer> numbers = new HashMap<>();
        return OUTER.matcher(plan).replaceAll(found -> {
            if (found.group(1) == null) {
                return Matcher.quoteReplacement(found.group());
            }
            int next = numbers.size();
            return Matcher.quoteReplacement("$outer" + numbers.computeIfAbsent(found.group(1), first -> next));
        });
    }
}
