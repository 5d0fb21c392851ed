package dev.nicol.policy.rewrite;

import com.google.common.collect.ImmutableSet;
import dev.nicol.policy.Decision;
import dev.nicol.policy.filter.PolicyFunctions;
import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.mask.Custom;
import dev.nicol.policy.mask.Mask;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.Convention;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.jspecify.annotations.Nullable;

/** Turns a decision about a stored table into a {@link SealedScan}. */
public final class Sealer {
    private static final RexShuttle BINDER = new Binder();

    private final PolicyCatalog catalog;

    public Sealer(PolicyCatalog catalog) {
        this.catalog = catalog;
    }

    /** The row type a subject sees: what is not denied, with masked types. */
    public static RelDataType visibleRowType(RelDataType stored, Decision decision, RelDataTypeFactory types) {
        RexBuilder rex = new RexBuilder(types);
        RelDataTypeFactory.Builder visible = types.builder();
        for (int i = 0; i < decision.columns().size(); i++) {
            Decision.Column column = decision.columns().get(i);
            if (!column.denied()) {
                RexNode raw = rex.makeInputRef(stored.getFieldList().get(i).getType(), i);
                visible.add(column.name(), shown(rex, column.mask(), raw).getType());
            }
        }
        return visible.build();
    }

    /** Seals one table for one policy fingerprint. */
    public SealedScan seal(RelOptCluster cluster, RelOptTable governed, Decision decision, String fingerprint) {
        return seal(new SourceScan(cluster, catalog.stored(decision.table())), governed, decision, fingerprint);
    }

    /** Seals a view, whose own plan is governed already, with the rules on the view itself. */
    public SealedScan seal(RelNode scan, RelOptTable governed, Decision decision, String fingerprint) {
        RelOptCluster cluster = scan.getCluster();
        RelNode filtered = filter(cluster, scan, decision);
        RelNode masked = mask(cluster, filtered, decision);
        return new SealedScan(
                cluster, cluster.traitSetOf(Convention.NONE), governed, masked, decision, fingerprint, List.of());
    }

    private RelNode filter(RelOptCluster cluster, RelNode scan, Decision decision) {
        if (decision.rowFilters().isEmpty()) {
            return scan;
        }
        List<RexNode> conditions = new ArrayList<>();
        Set<CorrelationId> correlations = new LinkedHashSet<>();
        for (RowFilter filter : decision.rowFilters()) {
            RelNode plan = catalog.filtered(cluster, decision.table(), filter.where());
            conditions.addAll(RelOptUtil.conjunctions(bound(condition(plan, correlations))));
        }
        RexNode all = NeededAttributes.marked(
                cluster.getRexBuilder(), RexUtil.composeConjunction(cluster.getRexBuilder(), conditions));
        // A filter that is always true still stands as a Filter: SealProof looks for it.
        return LogicalFilter.create(scan, all, ImmutableSet.copyOf(correlations));
    }

    private RelNode mask(RelOptCluster cluster, RelNode filtered, Decision decision) {
        RexBuilder rex = cluster.getRexBuilder();
        List<RexNode> shown = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < decision.columns().size(); i++) {
            Decision.Column column = decision.columns().get(i);
            if (!column.denied()) {
                RexNode raw = rex.makeInputRef(filtered, i);
                shown.add(
                        column.mask() instanceof Custom custom
                                ? custom.over(rex, raw, expression(cluster, decision, custom))
                                : shown(rex, column.mask(), raw));
                names.add(column.name());
            }
        }
        return LogicalProject.create(filtered, List.of(), shown, names, Set.of());
    }

    private RexNode expression(RelOptCluster cluster, Decision decision, Custom custom) {
        return bound(catalog.expression(cluster, decision.table(), custom.sql()));
    }

    private static RexNode shown(RexBuilder rex, @Nullable Mask mask, RexNode raw) {
        return mask == null ? raw : mask.apply(rex, raw);
    }

    /**
     * The condition of {@code SELECT * FROM t WHERE c}; TRUE or FALSE where Calcite dropped a constant one.
     *
     * @param correlations takes the names by which its sub-queries call the row
     */
    private static RexNode condition(RelNode plan, Set<CorrelationId> correlations) {
        RelNode at = plan;
        while (!(at instanceof Filter)) {
            if (at instanceof SourceScan) {
                return at.getCluster().getRexBuilder().makeLiteral(true);
            } else if (at instanceof Values) {
                return at.getCluster().getRexBuilder().makeLiteral(false);
            }
            at = at.getInput(0);
        }
        correlations.addAll(at.getVariablesSet());
        return ((Filter) at).getCondition();
    }

    /** Identity functions become bound parameters, in sub-queries too. */
    public static RexNode bound(RexNode expression) {
        return expression.accept(BINDER);
    }

    /** Identity functions become bound parameters everywhere in a plan. */
    public static RelNode bound(RelNode plan) {
        List<RelNode> inputs = new ArrayList<>();
        for (RelNode input : plan.getInputs()) {
            inputs.add(bound(input));
        }
        RelNode copy = inputs.equals(plan.getInputs()) ? plan : plan.copy(plan.getTraitSet(), inputs);
        return copy.accept(BINDER);
    }

    private static final class Binder extends RexShuttle {
        @Override
        public RexNode visitCall(RexCall call) {
            RexNode parameter = PolicyFunctions.bind(call);
            return parameter != null ? parameter : WideningCasts.dropped((RexCall) super.visitCall(call));
        }

        @Override
        public RexNode visitSubQuery(RexSubQuery subQuery) {
            RexSubQuery walked = (RexSubQuery) super.visitSubQuery(subQuery);
            return walked.clone(bound(walked.rel));
        }
    }
}
