package dev.nicol.server.pipeline;

import dev.nicol.lineage.Lineage;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.materialized.MaterializedView;
import dev.nicol.server.materialized.StorageName;
import dev.nicol.server.pipeline.PlannedStatement.Plan;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A query whose views are answered from rows that are kept. What was asked for stays what the views read: that is traced,
 * guarded and recorded; only what runs is another plan.
 */
record KeptViews(Body.Query body, TracedStatement traced) {
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
        boolean reads = Seals.in(body.plan()).stream()
                .anyMatch(scan -> StorageName.is(scan.decision().table()));
        if (!reads || PolicyLookUps.needed(body)) {
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

    /** The lineage of what was asked, once the plan is known to read no more of the kept rows than it says. */
    Lineage ran(Plan plan) {
        RanLineage.refuseBeyond(plan, body);
        return traced.lineage();
    }
}
