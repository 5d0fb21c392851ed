package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.sql.UniqueKeys;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Minus;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.metadata.RelMdUtil;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.ImmutableBitSet;
import org.apache.calcite.util.Sarg;
import org.jspecify.annotations.Nullable;

/**
 * How many rows a plan answers, from the sources' row counts as they are now. Calcite's estimate, but for what it does not
 * know: a unique key that equals constants finds one row, and an equi-join is along a key.
 */
final class RowEstimate extends RelMetadataQuery {
    private final Function<TableName, @Nullable SourceTable> tables;
    private boolean unknown;

    private RowEstimate(Function<TableName, @Nullable SourceTable> tables) {
        this.tables = tables;
    }

    /** Empty where it reads a table whose rows nobody counted. */
    static OptionalDouble of(RelNode plan, Function<TableName, @Nullable SourceTable> tables) {
        RowEstimate estimate = new RowEstimate(tables);
        Double rows = estimate.getRowCount(plan);
        if (rows != null && !estimate.unknown) {
            return OptionalDouble.of(rows);
        }
        // of a LIMIT, or an aggregate of all rows, it is known whatever it reads
        Double most = plan.getCluster().getMetadataQuery().getMaxRowCount(plan);
        return most == null || most.isInfinite() ? OptionalDouble.empty() : OptionalDouble.of(most);
    }

    @Override
    public Double getRowCount(RelNode node) {
        if (node instanceof SealedScan scan) {
            return filtered(scan, scan.getCluster().getRexBuilder().makeLiteral(true));
        } else if (node instanceof Filter filter) {
            return filtered(filter.getInput(), filter.getCondition());
        } else if (node instanceof Project project) {
            return getRowCount(project.getInput());
        } else if (node instanceof Join join) {
            return joined(join);
        } else if (node instanceof Aggregate aggregate && groupsByKey(aggregate)) {
            return getRowCount(aggregate.getInput());
        } else if (node instanceof Minus minus) {
            return getRowCount(minus.getInput(0));
        }
        return super.getRowCount(node);
    }

    private double filtered(RelNode input, RexNode condition) {
        if (!(input instanceof SealedScan scan)) {
            return getRowCount(input) * share(EffectiveCondition.of(condition, input));
        }
        List<RexNode> given = new ArrayList<>(scan.crossing());
        given.add(condition);
        List<RexNode> own = EffectiveCondition.of(
                RexUtil.composeConjunction(scan.getCluster().getRexBuilder(), given), scan);
        return isByKey(scan, own) ? 1 : Math.min(all(scan) * share(own), listed(scan, own));
    }

    /** What can leave out nothing keeps all; a further condition on the same columns is no further guess. */
    private static double share(List<RexNode> effectiveConditions) {
        Map<ImmutableBitSet, Double> shares = new HashMap<>();
        for (RexNode effective : effectiveConditions) {
            double share = effective.isAlwaysFalse() ? 0 : RelMdUtil.guessSelectivity(effective);
            shares.merge(RowReferences.of(effective), share, Math::min);
        }
        double all = 1;
        for (double share : shares.values()) {
            all *= share;
        }
        return all;
    }

    private double all(SealedScan scan) {
        if (scan.ofView()) {
            return getRowCount(scan.viewPlan());
        }
        SourceTable table = tables.apply(scan.decision().table());
        if (table == null) {
            return super.getRowCount(scan);
        }
        unknown |= !table.counted();
        return table.rowCount();
    }

    /** Whether constants are given for all columns of a unique key. */
    private boolean isByKey(SealedScan scan, List<RexNode> conjuncts) {
        return !scan.ofView() && tables.apply(scan.decision().table()) != null && UniqueKeys.areGiven(scan, conjuncts);
    }

    /** As many rows as values are listed for a unique column. */
    private double listed(SealedScan scan, List<RexNode> conjuncts) {
        SourceTable table = scan.ofView() ? null : tables.apply(scan.decision().table());
        double least = Double.POSITIVE_INFINITY;
        if (table == null) {
            return least;
        }
        for (RexNode conjunct : conjuncts) {
            if (conjunct instanceof RexCall call
                    && call.getKind() == SqlKind.SEARCH
                    && call.getOperands().get(0) instanceof RexInputRef ref
                    && scan.storedColumn(ref.getIndex()) >= 0
                    && table.uniqueKeys()
                            .contains(List.of(scan.getRowType().getFieldNames().get(ref.getIndex())))) {
                Sarg<?> values = ((RexLiteral) call.getOperands().get(1)).getValueAs(Sarg.class);
                least = Math.min(
                        least, values != null && values.isPoints() ? values.pointCount : Double.POSITIVE_INFINITY);
            }
        }
        return least;
    }

    /** Whether all columns of a unique key are among the grouped ones: then each group is a row. */
    private boolean groupsByKey(Aggregate aggregate) {
        RelNode below = aggregate.getInput();
        List<Integer> fields = aggregate.getGroupSet().asList();
        while (below instanceof Project || below instanceof Filter) {
            if (below instanceof Project project) {
                fields = fields.stream()
                        .map(project.getProjects()::get)
                        .filter(RexInputRef.class::isInstance)
                        .map(shown -> ((RexInputRef) shown).getIndex())
                        .toList();
            }
            below = below.getInput(0);
        }
        SourceTable table = below instanceof SealedScan scan && !scan.ofView()
                ? tables.apply(scan.decision().table())
                : null;
        List<String> names = below.getRowType().getFieldNames();
        List<String> grouped = fields.stream().map(names::get).toList();
        return table != null && table.uniqueKeys().stream().anyMatch(grouped::containsAll);
    }

    private double joined(Join join) {
        double left = getRowCount(join.getLeft());
        double right = getRowCount(join.getRight());
        double rows = join.analyzeCondition().leftKeys.isEmpty()
                ? left * right * share(EffectiveCondition.of(join.getCondition(), join))
                : Math.max(left, right);
        return switch (join.getJoinType()) {
            case LEFT -> Math.max(rows, left);
            case RIGHT -> Math.max(rows, right);
            case FULL -> Math.max(rows, left + right);
            case SEMI, ANTI -> left;
            default -> rows;
        };
    }
}
