package dev.nicol.adapters.sql;

import com.google.common.collect.ImmutableMap;
import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.SourceScan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelFieldCollation;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.SingleRel;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Intersect;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Minus;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalSort;
import org.apache.calcite.rel.rel2sql.RelToSqlConverter;
import org.apache.calcite.rel.rel2sql.SqlImplementor;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;

/**
 * A governed plan of one source as a tree of its SQL, with what Calcite's own conversion leaves out. Public because Calcite
 * finds its methods by reflection.
 */
public final class SourceSqlConverter extends RelToSqlConverter {
    private final SourceAdapter adapter;
    private final boolean fenced;
    private int names;

    /** @param fenced whether row filters are kept apart from the rest */
    SourceSqlConverter(SourceAdapter adapter, boolean fenced) {
        super(adapter.dialect());
        this.adapter = adapter;
        this.fenced = fenced;
    }

    /** Called by Calcite's dispatch. The alias is new each time, so that no two seals can be confused. */
    public Result visit(SealedScan scan) {
        SqlNode sealed;
        if (transparent(scan)) {
            sealed = stored(storedTable(scan.governed()));
        } else {
            SqlSelect select = visitRoot(SqlGenerator.opened(scan)).asSelect();
            sealed = fenced && scan.filtersRows() ? adapter.fence(select) : select;
        }
        return named(sealed, scan);
    }

    /**
     * Called by Calcite's dispatch. A correlated filter calls its table by a name, which Calcite makes another one where
     * the table comes twice, and does not write down.
     */
    public Result visit(SourceScan scan) {
        return named(stored(scan.getTable()), scan);
    }

    /**
     * Called by Calcite's dispatch, which writes a key twice: as a column and under GROUP BY. A parameter written twice is
     * two to the source, and the column is not the key; so keys with parameters get a sub-select of their own.
     * So do windows, which no source takes as a key, and literals, which a source takes for the place of a column, and
     * other aggregates, which would come to stand within this one; and whatever is computed, where the source would not know
     * it again within another expression.
     */
    @Override
    public Result visit(Aggregate aggregate) {
        RelNode input = aggregate.getInput();
        boolean keys = input instanceof Project project
                && (holdsParameters(project)
                        || project.containsOver()
                        || aggregate.getGroupSet().asList().stream()
                                .anyMatch(key -> constant(project, key)
                                        || !taken(project.getProjects().get(key))));
        return keys || aggregates(input)
                ? super.visit((Aggregate) aggregate.copy(aggregate.getTraitSet(), List.of(apart(input))))
                : super.visit(aggregate);
    }

    private boolean taken(RexNode key) {
        return key instanceof RexInputRef
                || RexUtil.containsCorrelation(key)
                || adapter.capabilities().contains(SourceAdapter.Capability.COMPUTED_KEYS);
    }

    /** Whether an aggregate would come to stand in the same SELECT. */
    private static boolean aggregates(RelNode node) {
        return node instanceof Aggregate
                || (node instanceof Project || node instanceof Filter) && aggregates(node.getInput(0));
    }

    /**
     * Called by Calcite's dispatch, which calls what a sub-query is correlated with by a name that it does not write, and
     * writes no parentheses around one in HAVING, where some sources know no names of the outer query either.
     */
    @Override
    public Result visit(Filter filter) {
        boolean having = filter.getInput() instanceof Aggregate
                && (RexUtil.SubQueryFinder.containsSubQuery(filter)
                        || RexUtil.containsCorrelation(filter.getCondition()));
        if (!correlated(filter) && !having) {
            return super.visit(filter);
        }
        RelNode above = filter.copy(filter.getTraitSet(), List.of(apart(filter.getInput())));
        return above.getRowType().getFieldNames().equals(filter.getRowType().getFieldNames())
                ? super.visit((Filter) above)
                : dispatch(renamed(above, filter.getRowType().getFieldNames()));
    }

    /** Called by Calcite's dispatch. */
    @Override
    public Result visit(Project project) {
        return super.visit(
                correlated(project) || project.containsOver() && aggregates(project.getInput())
                        ? (Project) project.copy(project.getTraitSet(), List.of(apart(project.getInput())))
                        : project);
    }

    private static boolean correlated(SingleRel node) {
        RelNode input = node.getInput();
        return !node.getVariablesSet().isEmpty()
                && !(input instanceof SealedScan || input instanceof SourceScan || input instanceof Apart);
    }

    /** A sub-select with names of its own, where sides of a join may have the same ones, and keys of groups those of columns. */
    private static RelNode apart(RelNode input) {
        return new Apart(
                borrowsNames(input)
                        ? renamed(
                                input,
                                IntStream.range(0, input.getRowType().getFieldCount())
                                        .mapToObj(i -> "f" + i)
                                        .toList())
                        : input);
    }

    private static RelNode renamed(RelNode node, List<String> names) {
        List<RexNode> same = node.getCluster().getRexBuilder().identityProjects(node.getRowType());
        return LogicalProject.create(node, List.of(), same, names, Set.of());
    }

    private static boolean borrowsNames(RelNode node) {
        return node instanceof Join
                || node instanceof Aggregate
                || (node instanceof Filter || node instanceof Sort) && borrowsNames(node.getInput(0));
    }

    /** Called by Calcite's dispatch. */
    public Result visit(Apart apart) {
        return named(visitRoot(apart.getInput()).asSelect(), apart);
    }

    /** Called by Calcite's dispatch, which leaves columns of NULLs without a type. */
    @Override
    public Result visit(Values values) {
        RelNode typed = TypedValues.of(values);
        return typed == values ? super.visit(values) : dispatch(typed);
    }

    /** Called by Calcite's dispatch. The first branch names the columns, for the source and for what stands above. */
    @Override
    public Result visit(Union union) {
        return super.visit((Union) named(union));
    }

    /** Called by Calcite's dispatch. */
    @Override
    public Result visit(Intersect intersect) {
        return super.visit((Intersect) named(intersect));
    }

    /** Called by Calcite's dispatch. */
    @Override
    public Result visit(Minus minus) {
        return super.visit((Minus) named(minus));
    }

    private static RelNode named(SetOp operation) {
        List<RelNode> inputs = new ArrayList<>(operation.getInputs());
        List<String> names = operation.getRowType().getFieldNames();
        if (inputs.get(0).getRowType().getFieldNames().equals(names)) {
            return operation;
        }
        inputs.set(0, renamed(inputs.get(0), names));
        return operation.copy(operation.getTraitSet(), inputs);
    }

    private static boolean holdsParameters(Project project) {
        Map<Integer, RelDataType> found = new HashMap<>();
        for (RexNode expression : project.getProjects()) {
            SqlGenerator.types(expression, found);
        }
        return !found.isEmpty();
    }

    /** Called by Calcite's dispatch. A constant orders nothing, and sources refuse it or take it for a place. */
    @Override
    public Result visit(Sort sort) {
        if (!(sort.getInput() instanceof Project project)) {
            return super.visit(sort);
        }
        List<RelFieldCollation> keys = sort.getCollation().getFieldCollations().stream()
                .filter(key -> !constant(project, key.getFieldIndex()))
                .toList();
        if (keys.size() == sort.getCollation().getFieldCollations().size()) {
            return super.visit(sort);
        } else if (keys.isEmpty() && sort.fetch == null && sort.offset == null) {
            return dispatch(project);
        }
        return super.visit(LogicalSort.create(project, RelCollations.of(keys), sort.offset, sort.fetch));
    }

    private static boolean constant(Project project, int field) {
        RexNode expression = project.getProjects().get(field);
        return expression instanceof RexLiteral || expression instanceof RexDynamicParam;
    }

    /** The alias is needed: Calcite would call what a sub-query is correlated with by one that others may have too. */
    private Result named(SqlNode from, RelNode node) {
        String alias = "s" + names++;
        SqlNode named = SqlStdOperatorTable.AS.createCall(POS, from, new SqlIdentifier(alias, POS));
        return result(named, List.of(Clause.FROM), alias, node.getRowType(), ImmutableMap.of(alias, node.getRowType()));
    }

    /** The table, or a sub-select where columns of types that only their source knows are read as text. */
    private SqlNode stored(RelOptTable table) {
        StoredTable stored = table.unwrapOrThrow(StoredTable.class);
        if (stored.table().columns().stream().noneMatch(adapter::readAsText)) {
            return SqlGenerator.physicalName(table);
        }
        SqlNodeList columns = new SqlNodeList(POS);
        for (SourceColumn column : stored.table().columns()) {
            SqlIdentifier name = new SqlIdentifier(column.name(), POS);
            columns.add(adapter.readAsText(column) ? asText(name, column) : name);
        }
        return new SqlSelect(
                POS,
                null,
                columns,
                SqlGenerator.physicalName(table),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    private SqlNode asText(SqlIdentifier name, SourceColumn column) {
        return SqlStdOperatorTable.AS.createCall(POS, castToText(name, column), name);
    }

    private SqlNode castToText(SqlNode name, SourceColumn column) {
        SqlNode type = Objects.requireNonNull(adapter.dialect().getCastSpec(column.type()));
        return SqlStdOperatorTable.CAST.createCall(POS, name, type);
    }

    SqlNode expression(SourceTable table, RelDataType row, Set<CorrelationId> outer, RexNode expression) {
        List<String> physical = table.physicalName();
        Context names = aliasContext(Map.of(physical.get(physical.size() - 1), row), true);
        outer.forEach(id -> correlTableMap.put(id, names));
        Context columns = new Context(adapter.dialect(), row.getFieldCount()) {
            @Override
            public SqlNode field(int ordinal) {
                SqlNode name = names.field(ordinal);
                String column = row.getFieldNames().get(ordinal);
                return table.columns().stream()
                        .filter(stored -> stored.name().equals(column) && adapter.readAsText(stored))
                        .findFirst()
                        .map(stored -> castToText(name, stored))
                        .orElse(name);
            }

            @Override
            public SqlImplementor implementor() {
                return SourceSqlConverter.this;
            }
        };
        return columns.toSql(null, expression);
    }

    /** Whether a seal neither filters nor masks nor hides: then the table itself can stand in the SQL. */
    private static boolean transparent(SealedScan scan) {
        return !scan.filtersRows()
                && scan.crossing().isEmpty()
                && scan.keys().isEmpty()
                && scan.rowKeys() == 0
                && scan.decision().columns().stream().allMatch(column -> !column.denied() && column.mask() == null);
    }

    private static RelOptTable storedTable(RelNode governed) {
        RelNode at = governed;
        while (!(at instanceof SourceScan)) {
            at = at.getInput(0);
        }
        return Objects.requireNonNull(at.getTable());
    }
}
