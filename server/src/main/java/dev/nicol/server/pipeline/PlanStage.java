package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.federation.FederatedPlanner;
import dev.nicol.adapters.federation.JoinKeyBounds;
import dev.nicol.adapters.sql.Pushdown;
import dev.nicol.adapters.sql.SqlGenerator;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.LookUpReader;
import dev.nicol.policy.rewrite.LookUps;
import dev.nicol.server.catalog.GovernedCatalog;
import dev.nicol.server.catalog.PlanningSpace;
import dev.nicol.server.materialized.MaterializedView;
import dev.nicol.server.materialized.MaterializedViews;
import dev.nicol.server.pipeline.PlannedStatement.Plan;
import dev.nicol.server.pipeline.Plannings.Planning;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlExplainFormat;
import org.apache.calcite.sql.SqlExplainLevel;
import org.jspecify.annotations.Nullable;

/** Stage 7. One source computes the whole statement where it can; else each source its part, and the engine the rest. */
final class PlanStage {
    private final Function<String, SourceAdapter> adapters;
    private final FederatedPlanner federated;
    private final PolicyExplanation explanation;
    private final Watch watch;
    private final MaterializedViews materialized;

    /**
     * @param adapters the adapter of a source by its name
     * @param joinKeys when keys of joins are sent to sources
     */
    PlanStage(
            Function<String, SourceAdapter> adapters,
            JoinKeyBounds joinKeys,
            GuardStage guard,
            Supplier<PolicySet> policies,
            Watch watch,
            MaterializedViews materialized) {
        this.adapters = adapters;
        this.materialized = materialized;
        this.federated = new FederatedPlanner(adapters, joinKeys);
        this.watch = watch;
        this.explanation = new PolicyExplanation(guard, policies, this::plans, adapters);
    }

    PlannedStatement plan(ApproveStage.AdmittedStatement admitted) {
        TracedStatement traced = admitted.guarded().traced();
        boolean counted = RowsGuard.counts(admitted);
        Subject subject = admitted.invocation().subject();
        return new PlannedStatement(admitted, planning(traced, counted, subject));
    }

    /**
     * How a statement runs, as it was found out the first time.
     *
     * @param subject to whom EXPLAIN POLICY answers; nothing else depends on it
     */
    Planning planning(TracedStatement traced, boolean counted, Subject subject) {
        PlanningSpace space = traced.governed().validated().space();
        Map<TableName, MaterializedView.Rows> kept = materialized.fresh(space.expandedViews());
        return traced.plannings()
                .of(counted, MaterializedViews.plans(kept), () -> made(traced, kept, counted, subject));
    }

    private Planning made(
            TracedStatement traced, Map<TableName, MaterializedView.Rows> kept, boolean counted, Subject subject) {
        GovernedStatement governed = traced.governed();
        governed.validated().space().enter();
        Watched watched = watch.of(traced);
        Body body = governed.body();
        if (watched != null && !watched.read().isEmpty()) {
            body = watched.body();
            prove(body, governed);
        } else if (!kept.isEmpty() && body instanceof Body.Query) {
            KeptViews views = KeptViews.of(traced, kept);
            if (views != null) {
                refuseUnavailable(
                        GuardStage.sources(views.body()), governed.validated().catalog());
                Plan plan = planned(views.body(), governed, watched, counted, subject);
                return Planning.of(traced, plan, views.ran(plan), watched);
            }
        }
        refuseUnavailable(GuardStage.sources(body), governed.validated().catalog());
        if (!PolicyLookUps.needed(body) || body instanceof Body.Explanation) {
            Plan plan = planned(body, governed, watched, counted, subject);
            return Planning.of(traced, plan, RanLineage.of(plan, traced), watched);
        }
        PolicyLookUps.refuseUnsupported(body);
        PolicyLookUps.refuseUnavailable(body, governed.validated().catalog());
        Body unbound = body;
        Function<LookUpReader, Plan> after = reader -> {
            Body bound = PolicyLookUps.bound(unbound, new LookUps(reader));
            prove(bound, governed);
            Plan plan = planned(bound, governed, watched, counted, subject);
            RanLineage.of(plan, traced);
            return plan;
        };
        return Planning.of(traced, new Plan.LookedUp(this::query, after), traced.lineage(), watched);
    }

    private static void prove(Body body, GovernedStatement governed) {
        ConvertStage.prove(body, governed.validated().catalog().version().fingerprint());
    }

    private Plan planned(
            Body body, GovernedStatement governed, @Nullable Watched watched, boolean counted, Subject subject) {
        try {
            return plan(body, governed, watched, counted, subject);
        } catch (RuntimeException | Error failure) {
            throw Refusals.of(
                    failure, governed.validated().catalog(), governed.parsed().sql());
        }
    }

    /** @param counted whether the rows of a write are counted before */
    private Plan plan(
            Body body, GovernedStatement governed, @Nullable Watched watched, boolean counted, Subject asking) {
        if (body instanceof Body.Query query) {
            return query(query);
        } else if (body instanceof Body.Insert insert) {
            return new WritePlanning(adapters, this::query, watch.most(), counted).insert(insert);
        } else if (body instanceof Body.Change change) {
            return new WritePlanning(adapters, this::query, watch.most(), counted).change(change, watched);
        } else if (body instanceof Body.Definition definition) {
            return new DefinitionPlanning(governed, adapters).plan(definition);
        } else if (body instanceof Body.Explanation explained) {
            return explained(explained.query());
        } else if (body instanceof Body.PolicyQuestion question) {
            return explanation.of(question, asking);
        }
        return new Plan.Own(((Body.Command) body).statement());
    }

    /** Every query that a statement would send, a policy's look-ups first; their values are not read. */
    private List<Plan> plans(Body.PolicyQuestion question) {
        GovernedStatement about = question.about();
        List<Plan> plans = new ArrayList<>();
        Body body = about.body();
        if (PolicyLookUps.needed(body)) {
            body = PolicyLookUps.bound(body, new LookUps(new LookUpReader() {
                @Override
                public List<List<@Nullable Object>> rows(RelNode lookUp, int most) {
                    plans.add(query(new Body.Query(lookUp, lookUp.getRowType())));
                    return NONE.rows(lookUp, most);
                }

                @Override
                public int parameter(@Nullable Object value, RelDataType type) {
                    return NONE.parameter(value, type);
                }
            }));
        }
        plans.add(plan(body, about, null, false, question.subject()));
        return plans;
    }

    private Plan query(Body.Query query) {
        Set<String> sources = Pushdown.sources(query.plan());
        if (sources.size() == 1) {
            String source = sources.iterator().next();
            SourceAdapter adapter = adapters.apply(source);
            if (Pushdown.computes(adapter, query.plan())) {
                return new Plan.Whole(new SqlGenerator(adapter).query(source, query.plan()));
            }
        }
        return new Plan.Joined(federated.plan(query.plan()));
    }

    private Plan explained(Body.Query query) {
        RelNode shape = new LookUps(LookUpReader.NONE).bound(query.plan());
        Plan plan = query(new Body.Query(shape, query.rowType()));
        RelNode shown = plan instanceof Plan.Joined joined ? joined.plan().plan() : query.plan();
        String text = RelOptUtil.dumpPlan("", shown, SqlExplainFormat.TEXT, SqlExplainLevel.EXPPLAN_ATTRIBUTES);
        String where = plan instanceof Plan.Whole whole
                ? "computed whole by source " + whole.sql().source()
                : "computed by " + ((Plan.Joined) plan).plan().sources().size() + " source queries and the engine";
        return new Plan.Text("PLAN", List.of(where + "\n" + text.stripTrailing()));
    }

    private static void refuseUnavailable(Set<String> sources, GovernedCatalog catalog) {
        for (String name : sources) {
            SourceCatalog source = catalog.source(name);
            if (source.unavailable() != null) {
                throw NicolError.SOURCE_FAILED.because(
                        source.unavailable() + " It is tried again by itself; other sources work.");
            }
        }
    }
}
