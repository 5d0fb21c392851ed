package dev.nicol.server.pipeline;

import dev.nicol.adapters.dialect.PushableOperators;
import dev.nicol.lineage.Lineage;
import dev.nicol.policy.TableName;
import dev.nicol.policy.mask.MaskFunctions;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.materialized.MaterializedView;
import dev.nicol.server.materialized.PolicyCalls;
import dev.nicol.server.materialized.StorageName;
import dev.nicol.server.pipeline.PlannedStatement.Plan;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.sql.SqlKind;
import org.jspecify.annotations.Nullable;

/**
 * A query whose views are answered from rows that are kept. What was asked for stays what the views read: that is traced,
 * guarded and recorded; only what runs is another plan.
 */
record KeptViews(Body.Query body, TracedStatement traced) {
    /** What takes texts and compares none. */
    private static final Set<SqlKind> PASSING =
            EnumSet.of(SqlKind.IS_NULL, SqlKind.IS_NOT_NULL, SqlKind.CAST, SqlKind.CASE, SqlKind.COALESCE);

    /** Null where no kept rows stand for what the query's views read as whoever asks sees it. */
    static @Nullable KeptViews of(TracedStatement traced, Map<TableName, MaterializedView.Rows> kept) {
        if (asksForStored(traced.governed().body())) {
            return null;
        }
        ValidatedStatement validated = traced.governed().validated();
        ValidatedStatement answering = new ValidatedStatement(
                validated.parsed(),
                validated.catalog(),
                validated.catalog().answeringFrom(validated.space(), kept),
                validated.checked(),
                validated.explained());
        Body.Query body = ConvertStage.query(answering);
        if (!readsKept(body.plan())
                || PolicyLookUps.needed(body)
                || Seals.in(body.plan()).stream().anyMatch(KeptViews::comparesKeptTexts)) {
            return null;
        }
        ConvertStage.prove(body, validated.catalog().version().fingerprint());
        return new KeptViews(body, traced);
    }

    /** Kept rows hold what masks show: conditions and joins that may see the stored values would ask them of the masks. */
    private static boolean asksForStored(Body body) {
        return ConvertStage.plans(body).stream()
                .flatMap(plan -> Seals.in(plan).stream())
                .flatMap(scan -> scan.decision().columns().stream())
                .anyMatch(column -> !column.denied()
                        && column.mask() != null
                        && !(column.filterable().isEmpty() && column.joinable().isEmpty()));
    }

    private static boolean readsKept(RelNode plan) {
        return Seals.in(plan).stream()
                .anyMatch(scan -> StorageName.is(scan.decision().table()));
    }

    /**
     * Whether a rule on a view asks something of texts that are kept: another source than that of the tables may find other
     * ones equal, and so show what the rule hides.
     */
    private static boolean comparesKeptTexts(SealedScan scan) {
        return scan.ofView() && readsKept(scan.viewPlan()) && PolicyCalls.any(scan, KeptViews::asksTexts);
    }

    private static boolean asksTexts(RexCall call) {
        return !PASSING.contains(call.getKind())
                && !MaskFunctions.ALL.contains(call.getOperator())
                && call.getOperands().stream().anyMatch(operand -> PushableOperators.isText(operand.getType()));
    }

    /** The lineage of what was asked, once the plan is known to read no more of the kept rows than it says. */
    Lineage ran(Plan plan) {
        RanLineage.refuseBeyond(plan, body);
        return traced.lineage();
    }
}
