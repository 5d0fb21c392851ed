package dev.nicol.adapters.execution;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.sql.Pushdown;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.adapters.sql.SqlGenerator;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.calcite.adapter.enumerable.EnumerableCalc;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.plan.RelOptCost;
import org.apache.calcite.plan.RelOptPlanner;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.AbstractRelNode;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelWriter;
import org.apache.calcite.rel.core.Calc;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.util.ImmutableBitSet;
import org.jspecify.annotations.Nullable;

/**
 * A seal with masks that its source cannot compute. The source computes the row filter, what may cross the seal and the
 * masks it can; the other masks are computed here, right above what was read.
 *
 * <p>INVARIANT: a leaf. Its raw columns have no name or position outside; no rule moves anything in or out, and a plan that
 * is printed shows the source only.
 */
public final class SealedMasks extends AbstractRelNode implements EnumerableRel, EngineLeaf {
    private final RelNode standsFor;
    private final SourceRel read;
    private final EnumerableRel masks;
    private final RelDataType shown;

    private SealedMasks(RelNode standsFor, SourceRel read, EnumerableRel masks, RelDataType shown) {
        super(standsFor.getCluster(), standsFor.getCluster().traitSetOf(EnumerableConvention.INSTANCE));
        this.standsFor = standsFor;
        this.read = read;
        this.masks = masks;
        this.shown = shown;
    }

    /**
     * Opens the seal of a table.
     *
     * @param adapter of the table's source
     * @param columns those of the seal's columns that are wanted, in order
     * @param shown the row type that those have
     * @param calculated makes an executable calculation of a projection, computed exactly
     */
    public static SealedMasks over(
            SealedScan scan,
            String source,
            SourceAdapter adapter,
            List<Integer> columns,
            RelDataType shown,
            UnaryOperator<RelNode> calculated) {
        RelNode standsFor = shown(scan, columns, shown);
        Project governed = (Project) SqlGenerator.opened(scan);
        RexBuilder rex = scan.getCluster().getRexBuilder();
        List<RexNode> wanted = columns.stream().map(governed.getProjects()::get).toList();
        List<RexNode> here = wanted.stream()
                .filter(mask -> !Pushdown.computes(adapter, mask))
                .toList();
        Set<RexNode> asked = new LinkedHashSet<>();
        wanted.stream().filter(mask -> !here.contains(mask)).forEach(asked::add);
        ImmutableBitSet raw = RelOptUtil.InputFinder.bits(here, null);
        raw.forEach((Integer column) -> asked.add(rex.makeInputRef(governed.getInput(), column)));
        List<RexNode> fetched = new ArrayList<>(asked);
        if (fetched.isEmpty()) {
            fetched.add(rex.makeInputRef(governed.getInput(), 0));
        }
        RelNode pushed =
                LogicalProject.create(governed.getInput(), List.of(), fetched, names(fetched.size()), Set.of());
        SourceSql sql = new SqlGenerator(adapter).query(source, pushed);
        SourceRel read = new SourceRel(scan.getCluster(), pushed, sql);
        if (here.isEmpty() && fetched.equals(wanted)) {
            return new SealedMasks(standsFor, read, read, shown);
        }
        List<RexNode> above = new ArrayList<>();
        for (RexNode mask : wanted) {
            above.add(
                    here.contains(mask)
                            ? MaskValues.computable(rex, onFetched(rex, mask, fetched))
                            : rex.makeInputRef(read, fetched.indexOf(mask)));
        }
        RelNode project = LogicalProject.create(read, List.of(), above, names(above.size()), Set.of());
        EnumerableRel masks = physical(calculated.apply(RelOptUtil.createCastRel(project, shown, true)));
        return new SealedMasks(standsFor, read, masks, shown);
    }

    /** The wanted columns of a seal, in governed terms. */
    public static RelNode shown(SealedScan scan, List<Integer> columns, RelDataType shown) {
        RexBuilder rex = scan.getCluster().getRexBuilder();
        List<RexNode> wanted = new ArrayList<>();
        columns.forEach(column -> wanted.add(rex.makeInputRef(scan, column)));
        return LogicalProject.create(scan, List.of(), wanted, shown.getFieldNames(), Set.of());
    }

    private static List<String> names(int count) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add("m" + i);
        }
        return names;
    }

    private static RexNode onFetched(RexBuilder rex, RexNode mask, List<RexNode> fetched) {
        return mask.accept(new RexShuttle() {
            @Override
            public RexNode visitInputRef(RexInputRef reference) {
                return rex.makeInputRef(reference.getType(), fetched.indexOf(reference));
            }
        });
    }

    private static EnumerableRel physical(RelNode calculation) {
        return calculation instanceof Calc calc
                ? EnumerableCalc.create(physical(calc.getInput()), calc.getProgram())
                : (EnumerableRel) calculation;
    }

    @Override
    public RelNode standsFor() {
        return standsFor;
    }

    /** What its source is asked, as the engine reads it. */
    SourceRel read() {
        return read;
    }

    /** What its source is asked. */
    public SourceSql sql() {
        return read.sql();
    }

    @Override
    protected RelDataType deriveRowType() {
        return shown;
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return this;
    }

    @Override
    public double estimateRowCount(RelMetadataQuery metadata) {
        return metadata.getRowCount(read);
    }

    @Override
    public @Nullable RelOptCost computeSelfCost(RelOptPlanner planner, RelMetadataQuery metadata) {
        return read.computeSelfCost(planner, metadata);
    }

    @Override
    public RelWriter explainTerms(RelWriter writer) {
        return super.explainTerms(writer).item("source", read.sql().source()).item("id", getId());
    }

    @Override
    public Result implement(EnumerableRelImplementor implementor, Prefer preferred) {
        return masks.implement(implementor, preferred);
    }
}
