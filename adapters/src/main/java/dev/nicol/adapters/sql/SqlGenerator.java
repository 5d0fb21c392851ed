package dev.nicol.adapters.sql;

import com.google.common.collect.ImmutableSet;
import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.rewrite.Crossing;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.SourceScan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.SqlWriterConfig;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.pretty.SqlPrettyWriter;
import org.apache.calcite.sql.util.SqlString;
import org.jspecify.annotations.Nullable;

/**
 * Writes a governed plan over one source in that source's SQL. A seal becomes a sub-select of its own: masks and row
 * filter inside, the statement's own expressions outside, and a fence between them where rows are filtered and an
 * expression is not total (see {@link Barrier}).
 */
public final class SqlGenerator {
    /** Prints its operand in a list of its own: alone in the WHERE of a write, EXISTS would lose its parentheses. */
    private static final SqlSpecialOperator CONDITION = new SqlSpecialOperator("CONDITION", SqlKind.OTHER) {
        @Override
        public void unparse(SqlWriter writer, SqlCall call, int leftPrec, int rightPrec) {
            SqlWriter.Frame list = writer.startList(SqlWriter.FrameTypeEnum.WHERE_LIST);
            call.operand(0).unparse(writer, 0, 0);
            writer.endList(list);
        }
    };

    private final SourceAdapter adapter;

    public SqlGenerator(SourceAdapter adapter) {
        this.adapter = adapter;
    }

    /** The SQL of a whole plan. Every operator in it must have been found computable (see {@link Pushdown}). */
    public SourceSql query(String source, RelNode plan) {
        boolean few = FewRows.in(plan);
        RelNode bounded = few || !adapter.cursorsAreSlower() ? null : FewRows.ifThought(plan);
        SourceSql ifFew = bounded == null
                ? null
                : printed(source, queryNode(bounded), types(bounded), plan.getRowType(), oneScan(plan), true, null);
        return printed(source, queryNode(plan), types(plan), plan.getRowType(), oneScan(plan), few, ifFew);
    }

    /**
     * The SQL of a plan that compares columns with keys of a join, for the rows of {@code whole}.
     *
     * @return null where a comparison did not come out as one that keys can be put in
     */
    @Nullable
    public KeyedSql keyed(SourceSql whole, RelNode plan) {
        SourceSql marked = printed(
                whole.source(), queryNode(plan), types(plan), whole.rowType(), oneScan(plan), whole.fewRows(), null);
        return KeyedSql.of(adapter, marked);
    }

    /** The tree of that SQL, for use inside a write. */
    public SqlNode queryNode(RelNode plan) {
        return new SourceSqlConverter(adapter, Barrier.needed(plan))
                .visitRoot(plan)
                .asStatement();
    }

    /** Prints a statement that names physical tables. */
    public SourceSql write(
            String source, SqlNode statement, Map<Integer, RelDataType> parameterTypes, RelDataType rowType) {
        return printed(source, statement, parameterTypes, rowType, false, false, null);
    }

    private SourceSql printed(
            String source,
            SqlNode statement,
            Map<Integer, RelDataType> parameterTypes,
            RelDataType rowType,
            boolean oneScan,
            boolean fewRows,
            @Nullable SourceSql ifFew) {
        SqlWriterConfig style = SqlPrettyWriter.config()
                .withDialect(adapter.dialect())
                .withQuoteAllIdentifiers(true)
                .withAlwaysUseParentheses(false)
                .withSelectListItemsOnSeparateLines(false)
                .withUpdateSetListNewline(false)
                .withClauseStartsLine(false)
                .withIndentation(0);
        SqlPrettyWriter writer = new SqlPrettyWriter(style) {
            @Override
            public void dynamicParam(int index) {
                super.dynamicParam(index);
                if (index >= JoinKeys.FIRST_PARAMETER) {
                    setNeedWhitespace(false);
                    print(KeyedSql.MARK);
                    setNeedWhitespace(true);
                }
            }
        };
        writer.format(statement);
        SqlString sql = writer.toSqlString();
        List<Integer> parameters = sql.getDynamicParameters() == null ? List.of() : sql.getDynamicParameters();
        return new SourceSql(source, sql.getSql(), parameters, parameterTypes, rowType, oneScan, fewRows, ifFew);
    }

    /** Whether one table is read, once, and nothing beside it. */
    private static boolean oneScan(RelNode plan) {
        RelNode node = plan instanceof SealedScan scan ? opened(scan) : plan;
        return Pushdown.subQueries(node).isEmpty()
                && (node.getInputs().isEmpty()
                        ? node instanceof SourceScan
                        : node.getInputs().size() == 1 && oneScan(node.getInput(0)));
    }

    /**
     * An expression over one table as SQL for a write: columns are named with the table's own name, so that a sub-query
     * over the same table cannot capture them. Columns that are read as text are text here too.
     *
     * @param row names the columns that input references count
     * @param outer the table as sub-queries of the expression refer to it
     */
    public SqlNode expression(SourceTable table, RelDataType row, Set<CorrelationId> outer, RexNode expression) {
        return new SourceSqlConverter(adapter, true).expression(table, row, outer, expression);
    }

    /** A condition as it stands in the WHERE of a write. */
    public static SqlNode condition(SqlNode condition) {
        return CONDITION.createCall(SqlParserPos.ZERO, condition);
    }

    /** A stored table's physical name as an identifier. */
    public static SqlIdentifier physicalName(RelOptTable table) {
        StoredTable stored = table.unwrapOrThrow(StoredTable.class);
        return new SqlIdentifier(stored.table().physicalName(), SqlParserPos.ZERO);
    }

    /** Types of all parameters in a plan, behind seals and in sub-queries too. */
    public static Map<Integer, RelDataType> types(RelNode plan) {
        Map<Integer, RelDataType> types = new HashMap<>();
        collectTypes(plan, types);
        return types;
    }

    private static void collectTypes(RelNode plan, Map<Integer, RelDataType> types) {
        plan.accept(new ParameterTypes(types));
        if (plan instanceof SealedScan scan) {
            collectTypes(opened(scan), types);
        }
        plan.getInputs().forEach(input -> collectTypes(input, types));
    }

    /** Types of the parameters in an expression. */
    public static void types(RexNode expression, Map<Integer, RelDataType> types) {
        expression.accept(new ParameterTypes(types));
    }

    private static final class ParameterTypes extends RexShuttle {
        private final Map<Integer, RelDataType> types;

        ParameterTypes(Map<Integer, RelDataType> types) {
            this.types = types;
        }

        @Override
        public RexNode visitDynamicParam(RexDynamicParam parameter) {
            types.put(parameter.getIndex(), parameter.getType());
            return parameter;
        }

        @Override
        public RexNode visitSubQuery(RexSubQuery subQuery) {
            collectTypes(subQuery.rel, types);
            return super.visitSubQuery(subQuery);
        }
    }

    /** What stands behind a seal, with the predicates that may cross set beside the row filter. */
    public static RelNode opened(SealedScan scan) {
        RelNode opened = beside(scan);
        // What stands above a view may cross the seals of what the view reads.
        return scan.ofView() ? Crossing.apply(opened) : opened;
    }

    private static RelNode beside(SealedScan scan) {
        if (scan.crossing().isEmpty()) {
            return scan.governed();
        }
        Project project = (Project) scan.governed();
        RelNode input = project.getInput();
        RexBuilder rex = scan.getCluster().getRexBuilder();
        List<RexNode> conditions = new ArrayList<>();
        RelNode stored = input;
        if (input instanceof Filter filter) {
            conditions.addAll(RelOptUtil.conjunctions(filter.getCondition()));
            stored = filter.getInput();
        }
        for (RexNode predicate : scan.crossing()) {
            conditions.add(predicate.accept(new RexShuttle() {
                @Override
                public RexNode visitInputRef(RexInputRef reference) {
                    int raw = scan.filterableColumn(reference.getIndex());
                    return raw < 0
                            ? project.getProjects().get(reference.getIndex())
                            : rex.makeInputRef(project.getInput(), raw);
                }
            }));
        }
        RelNode filtered = LogicalFilter.create(
                stored, RexUtil.composeConjunction(rex, conditions), ImmutableSet.copyOf(input.getVariablesSet()));
        return project.copy(project.getTraitSet(), List.of(filtered));
    }
}
