package dev.nicol.policy.rewrite;

import dev.nicol.policy.Decision;
import dev.nicol.policy.mask.JoinKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.AbstractRelNode;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelWriter;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.jspecify.annotations.Nullable;

/**
 * One table, or view with rules of its own, as one policy fingerprint sees it: Project(masks)(Filter(row filter)(scan)) behind a seal that no planner
 * rule looks through. Its row type is what the subject sees. SQL generation opens it as a sub-select, so that clear
 * values never leave the source.
 *
 * <p>With join keys it has further columns at its end: what {@link JoinKey} makes of stored columns that joins may compare.
 *
 * <p>With row keys it has the primary key as it is stored behind all that: what {@link RowKeys} carries past every operator to
 * the end of the statement's rows, where it is taken off, and what {@link RowKeyProof} lets nothing else do.
 *
 * <p>INVARIANT: a leaf for every planner; {@link #governed} is reachable only through this accessor, and only SQL
 * generation, lineage and {@link SealProof} call it.
 */
public final class SealedScan extends AbstractRelNode {
    private static final JoinKey KEY = new JoinKey();

    private final RelOptTable table;
    private final RelNode governed;
    private final Decision decision;
    private final String fingerprint;
    private final List<RexNode> crossing;
    private final List<Integer> keys;
    private final int rowKeys;

    /**
     * @param table the governed table, whose qualified name has three parts
     * @param governed Project(Filter(scan)); the Filter is left out without row filters, the Project never
     * @param fingerprint of the policy that {@code decision} comes from
     * @param crossing leakproof predicates over this scan's own columns that the source may apply inside the seal
     */
    public SealedScan(
            RelOptCluster cluster,
            RelTraitSet traits,
            RelOptTable table,
            RelNode governed,
            Decision decision,
            String fingerprint,
            List<RexNode> crossing) {
        this(cluster, traits, table, governed, decision, fingerprint, crossing, List.of(), 0);
    }

    /**
     * The same with columns behind those that are shown.
     *
     * @param keys where the columns stand in the stored table of which {@code governed} has a join key each
     * @param rowKeys how many columns of row keys it has, at its end
     */
    SealedScan(
            RelOptCluster cluster,
            RelTraitSet traits,
            RelOptTable table,
            RelNode governed,
            Decision decision,
            String fingerprint,
            List<RexNode> crossing,
            List<Integer> keys,
            int rowKeys) {
        super(cluster, traits);
        this.table = table;
        this.governed = governed;
        this.decision = decision;
        this.fingerprint = fingerprint;
        this.crossing = List.copyOf(crossing);
        this.keys = List.copyOf(keys);
        this.rowKeys = rowKeys;
    }

    @Override
    public RelOptTable getTable() {
        return table;
    }

    /** What stands behind the seal. */
    public RelNode governed() {
        return governed;
    }

    /** What the row filter stands on: the stored table or, for a view, the plan of its query. */
    private RelNode inner() {
        RelNode under = governed instanceof Project project ? project.getInput() : governed;
        return filtersRows() && under instanceof Filter filter ? filter.getInput() : under;
    }

    /** The stored table it seals, for what its source says of its size; null for a view, and where no row can pass. */
    public @Nullable RelOptTable storedTable() {
        return inner() instanceof SourceScan scan ? scan.getTable() : null;
    }

    /** Whether it seals a view, whose own plan holds the seals of what it reads. */
    public boolean ofView() {
        return !(inner() instanceof SourceScan) && !(governed instanceof Values);
    }

    /**
     * The plan of a sealed view's query, governed but for the rules on the view itself.
     *
     * @throws IllegalStateException where it seals a table, whose raw rows are nobody's to take
     */
    public RelNode viewPlan() {
        if (!ofView()) {
            throw new IllegalStateException("the seal of " + decision.table() + " is of no view");
        }
        return inner();
    }

    public Decision decision() {
        return decision;
    }

    public String fingerprint() {
        return fingerprint;
    }

    /** Predicates over this node's output, all ANDed, evaluated inside the seal next to the row filter. */
    public List<RexNode> crossing() {
        return crossing;
    }

    /** Whether rows are filtered: then what is not leakproof must run above a barrier. */
    public boolean filtersRows() {
        return !decision.rowFilters().isEmpty();
    }

    /**
     * Where an output column stands in the stored table.
     *
     * @return -1 for a masked column, whose stored value is not what is shown, and for a join key
     */
    public int storedColumn(int output) {
        int stored = position(output);
        return stored >= 0 && decision.columns().get(stored).mask() == null ? stored : -1;
    }

    /**
     * Where an output column stands in the stored table, of a masked column that conditions may see raw. In {@link #crossing}
     * a masked column means the stored value, and only such columns stand there.
     *
     * @return -1 for every other column
     */
    public int filterableColumn(int output) {
        int stored = position(output);
        return stored >= 0 && decision.columns().get(stored).rawInConditions() ? stored : -1;
    }

    /**
     * Where an output column stands in the stored table, of a column whose stored value joins may compare.
     *
     * @return -1 for every other column, and for all of a view with rules of its own
     */
    int comparedColumn(int output) {
        int stored = ofView() || !(governed instanceof Project) ? -1 : position(output);
        return stored >= 0 && decision.comparesRaw(stored) && KEY.misfit(storedType(stored)) == null ? stored : -1;
    }

    /** The type of a column of the stored table. */
    RelDataType storedType(int stored) {
        return inner().getRowType().getFieldList().get(stored).getType();
    }

    /** Where an output column stands in the stored table; -1 for a join key. */
    private int position(int output) {
        int at = -1;
        for (int stored = 0; stored < decision.columns().size(); stored++) {
            if (!decision.columns().get(stored).denied() && ++at == output) {
                return stored;
            }
        }
        if (output > at + keys.size() + rowKeys) {
            throw new IllegalArgumentException("no output column " + output);
        }
        return -1;
    }

    /** Where the columns stand in the stored table of which this has a join key, in the order of the keys at its end. */
    public List<Integer> keys() {
        return keys;
    }

    /** Whether no row can pass the row filter. */
    boolean isEmpty() {
        return governed instanceof Values;
    }

    /** How many columns of row keys it has, at its end. */
    public int rowKeys() {
        return rowKeys;
    }

    /** The same scan with more predicates let through. */
    public SealedScan letThrough(List<RexNode> predicates) {
        return new SealedScan(
                getCluster(), getTraitSet(), table, governed, decision, fingerprint, predicates, keys, rowKeys);
    }

    /**
     * The same scan with join keys at its end.
     *
     * @param stored where their columns stand in the stored table
     */
    SealedScan withKeys(List<Integer> stored) {
        Project masks = (Project) governed;
        RexBuilder rex = getCluster().getRexBuilder();
        List<RexNode> shown = new ArrayList<>(masks.getProjects());
        List<String> names = new ArrayList<>(masks.getRowType().getFieldNames());
        for (int column : stored) {
            shown.add(KEY.apply(rex, rex.makeInputRef(masks.getInput(), column)));
            names.add(Keyed.name(names));
        }
        RelNode keyed =
                LogicalProject.create(masks.getInput(), masks.getHints(), shown, names, masks.getVariablesSet());
        return new SealedScan(getCluster(), getTraitSet(), table, keyed, decision, fingerprint, crossing, stored, 0);
    }

    /**
     * The same scan with row keys at its end.
     *
     * @param inner the stored table or, for a view, a plan of its query that has row keys at its end
     * @param columns where the row keys stand in it
     */
    SealedScan withRowKeys(RelNode inner, List<Integer> columns) {
        Project masks = (Project) governed;
        RelNode under = inner;
        if (masks.getInput() != inner()) {
            RelNode filter = masks.getInput();
            under = filter.copy(filter.getTraitSet(), List.of(inner));
        }
        RexBuilder rex = getCluster().getRexBuilder();
        List<RexNode> shown = new ArrayList<>(masks.getProjects());
        List<String> names = new ArrayList<>(masks.getRowType().getFieldNames());
        for (int column : columns) {
            shown.add(rex.makeInputRef(under, column));
            names.add(RowKeys.name(names));
        }
        RelNode keyed = LogicalProject.create(under, masks.getHints(), shown, names, masks.getVariablesSet());
        return new SealedScan(
                getCluster(), getTraitSet(), table, keyed, decision, fingerprint, crossing, keys, columns.size());
    }

    /** The same scan of a stored table, with its primary key at its end. */
    SealedScan withRowKeys(List<Integer> stored) {
        return withRowKeys(inner(), stored);
    }

    /** The seal of a view over another plan of the same query. */
    SealedScan withInner(RelNode equal) {
        Project masks = (Project) governed;
        RelNode under = equal;
        if (masks.getInput() != inner()) {
            RelNode filter = masks.getInput();
            under = filter.copy(filter.getTraitSet(), List.of(equal));
        }
        return withGoverned(masks.copy(masks.getTraitSet(), List.of(under)));
    }

    /** The same scan with another plan behind the seal, that has the same rows for one execution. */
    SealedScan withGoverned(RelNode equal) {
        return new SealedScan(
                getCluster(), getTraitSet(), table, equal, decision, fingerprint, crossing, keys, rowKeys);
    }

    @Override
    protected RelDataType deriveRowType() {
        return governed.getRowType();
    }

    @Override
    public double estimateRowCount(RelMetadataQuery metadata) {
        return metadata.getRowCount(governed);
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return traits.equals(getTraitSet())
                ? this
                : new SealedScan(getCluster(), traits, table, governed, decision, fingerprint, crossing, keys, rowKeys);
    }

    /** Names the table, and what of the statement stands inside: an EXPLAIN must show no policy. */
    @Override
    public RelWriter explainTerms(RelWriter writer) {
        return super.explainTerms(writer)
                .item("table", table.getQualifiedName())
                .itemIf("crossing", crossing, !crossing.isEmpty())
                .itemIf("join keys of", keyNames(), !keys.isEmpty())
                .itemIf("row keys", rowKeys, rowKeys > 0);
    }

    private List<String> keyNames() {
        return keys.stream().map(key -> decision.columns().get(key).name()).toList();
    }

    /** The digest distinguishes fingerprints, which the printed plan does not show. */
    @Override
    public boolean deepEquals(@Nullable Object other) {
        return other instanceof SealedScan that
                && getTraitSet().equals(that.getTraitSet())
                && table.getQualifiedName().equals(that.table.getQualifiedName())
                && fingerprint.equals(that.fingerprint)
                && crossing.equals(that.crossing)
                && keys.equals(that.keys)
                && rowKeys == that.rowKeys
                // Row keys of a view are those of what it reads.
                && (rowKeys == 0 || governed.deepEquals(that.governed));
    }

    @Override
    public int deepHashCode() {
        return Objects.hash(table.getQualifiedName(), fingerprint, crossing, keys, rowKeys);
    }
}
