package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.dialect.CastNames;
import dev.nicol.adapters.sql.Pushdown;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.adapters.sql.SqlGenerator;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.rewrite.Leakproof;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.server.pipeline.PlannedStatement.Plan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.RelFactories;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlDelete;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlInsert;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlUpdate;
import org.apache.calcite.sql.fun.SqlCase;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.tools.RelBuilder;
import org.apache.calcite.util.ImmutableBitSet;
import org.jspecify.annotations.Nullable;

/**
 * Writes, as SQL of their source. WHERE becomes: row filter AND leakproof part AND CASE WHEN row filter THEN the rest ELSE
 * FALSE END, so that nothing of a hidden row is ever evaluated. New rows are counted against the row filter first.
 */
final class WritePlanning {
    private static final SqlParserPos POS = SqlParserPos.ZERO;

    private final Function<String, SourceAdapter> adapters;
    private final Function<Body.Query, Plan> queries;
    private final int mostKeys;
    private final boolean counted;

    /**
     * @param mostKeys primary keys of rows to be written that are wanted; one more is asked for
     * @param counted whether rows are counted before they are written
     */
    WritePlanning(
            Function<String, SourceAdapter> adapters,
            Function<Body.Query, Plan> queries,
            int mostKeys,
            boolean counted) {
        this.adapters = adapters;
        this.queries = queries;
        this.mostKeys = mostKeys;
        this.counted = counted;
    }

    Plan insert(Body.Insert insert) {
        String source = insert.target().name().catalog();
        SourceAdapter adapter = adapters.apply(source);
        SqlGenerator generator = new SqlGenerator(adapter);
        RowFilterCheck check =
                insert.sealed().filtersRows() ? new RowFilterCheck(insert.target(), insert.sealed(), adapter) : null;
        if (check != null) {
            refuseUnnamedDefaults(insert, check.columnsRead());
            refuseUnrepeatable(insert.input());
        }
        RelDataType none =
                insert.input().getCluster().getTypeFactory().builder().build();
        Set<String> sources = Pushdown.sources(insert.input());
        boolean here =
                (sources.isEmpty() || sources.equals(Set.of(source))) && Pushdown.computes(adapter, insert.input());
        if (here) {
            RelNode written = check == null || sources.isEmpty() ? insert.input() : check.kept(insert);
            SqlNode rows = fitting(insert, adapter, generator.queryNode(written));
            SqlNode statement =
                    new SqlInsert(POS, SqlNodeList.EMPTY, physicalName(insert.target()), rows, names(insert.columns()));
            SourceSql sql = generator.write(source, statement, SqlGenerator.types(written), none);
            return new Plan.Write(
                    source,
                    check == null ? null : check.ofInsert(insert),
                    null,
                    counted ? count(source, adapter, written) : null,
                    empties(insert, generator, none),
                    sql,
                    null);
        }
        Body.Query query = new Body.Query(insert.input(), insert.input().getRowType());
        Plan.RowsFrom rows = new Plan.RowsFrom(
                queries.apply(query),
                insertOne(insert, adapter, generator),
                check == null ? null : count -> check.ofRows(insert, count));
        return new Plan.Write(source, null, null, null, empties(insert, generator, none), null, rows);
    }

    private static @Nullable SourceSql empties(Body.Insert insert, SqlGenerator generator, RelDataType none) {
        if (!insert.replaces()) {
            return null;
        }
        SqlNode delete = new SqlDelete(POS, physicalName(insert.target()), null, null, null);
        return generator.write(insert.target().name().catalog(), delete, Map.of(), none);
    }

    /** Of rows that are inserted; null where the source cannot count them. */
    private static Plan.@Nullable RowCount count(String source, SourceAdapter adapter, RelNode rows) {
        RelMetadataQuery metadata = rows.getCluster().getMetadataQuery();
        Double most = metadata.getMaxRowCount(rows);
        if (most != null && most.equals(metadata.getMinRowCount(rows))) {
            return new Plan.RowCount(null, most.longValue());
        }
        RelBuilder builder = RelFactories.LOGICAL_BUILDER.create(rows.getCluster(), null);
        RelNode counted = builder.push(rows)
                .aggregate(builder.groupKey(), builder.countStar("written"))
                .build();
        return Pushdown.computes(adapter, counted)
                ? new Plan.RowCount(new SqlGenerator(adapter).query(source, counted), 0)
                : null;
    }

    /** Rows whose texts are cast where the source takes no text for a column, as PostgreSQL for json. */
    private static SqlNode fitting(Body.Insert insert, SourceAdapter adapter, SqlNode rows) {
        if (insert.columns().stream().allMatch(column -> castFor(insert.target(), adapter, column) == null)) {
            return rows;
        }
        List<SqlNode> alias = new ArrayList<>(List.of(rows, new SqlIdentifier("given", POS)));
        SqlNodeList fitted = new SqlNodeList(POS);
        for (String column : insert.columns()) {
            String name = "c" + fitted.size();
            alias.add(new SqlIdentifier(name, POS));
            fitted.add(fitting(insert.target(), adapter, column, new SqlIdentifier(List.of("given", name), POS)));
        }
        SqlNode from = SqlStdOperatorTable.AS.createCall(POS, alias);
        return new SqlSelect(POS, null, fitted, from, null, null, null, null, null, null, null, null, null);
    }

    private static SqlNode fitting(Body.Target target, SourceAdapter adapter, String column, SqlNode value) {
        SqlNode type = castFor(target, adapter, column);
        return type == null ? value : SqlStdOperatorTable.CAST.createCall(POS, value, type);
    }

    private static @Nullable SqlNode castFor(Body.Target target, SourceAdapter adapter, String name) {
        for (SourceColumn column : target.stored().table().columns()) {
            String type = column.name().equals(name) ? adapter.writtenAs(column) : null;
            if (type != null) {
                return CastNames.spec(type, column.type());
            }
        }
        return null;
    }

    private static SourceSql insertOne(Body.Insert insert, SourceAdapter adapter, SqlGenerator generator) {
        List<SqlNode> markers = new ArrayList<>();
        Map<Integer, RelDataType> types = new HashMap<>();
        for (RelDataTypeField field : insert.input().getRowType().getFieldList()) {
            SqlNode marker = new SqlDynamicParam(field.getIndex(), POS);
            markers.add(fitting(insert.target(), adapter, insert.columns().get(field.getIndex()), marker));
            types.put(field.getIndex(), field.getType());
        }
        SqlNode row = SqlStdOperatorTable.VALUES.createCall(POS, SqlStdOperatorTable.ROW.createCall(POS, markers));
        SqlNode statement =
                new SqlInsert(POS, SqlNodeList.EMPTY, physicalName(insert.target()), row, names(insert.columns()));
        RelDataType none =
                insert.input().getCluster().getTypeFactory().builder().build();
        return generator.write(insert.target().name().catalog(), statement, types, none);
    }

    /** Rows are computed once to be checked and once to be written: both must be the same rows. */
    private static void refuseUnrepeatable(RelNode rows) {
        boolean chosen = rows instanceof Sort sort && (sort.fetch != null || sort.offset != null);
        boolean[] repeatable = {!chosen};
        rows.accept(new RexShuttle() {
            @Override
            public RexNode visitCall(RexCall call) {
                repeatable[0] &= call.getOperator().isDeterministic();
                return super.visitCall(call);
            }

            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                refuseUnrepeatable(subQuery.rel);
                return super.visitSubQuery(subQuery);
            }
        });
        if (!repeatable[0]) {
            throw NicolError.NOT_PROVEN.because("Rows of this table are hidden from you, so new ones are checked before"
                    + " they are written; random values and LIMIT can differ in between. Leave them out.");
        }
        rows.getInputs().forEach(WritePlanning::refuseUnrepeatable);
    }

    /** What the source would fill in by itself cannot be checked before. */
    private static void refuseUnnamedDefaults(Body.Insert insert, ImmutableBitSet read) {
        List<SourceColumn> columns = insert.target().stored().table().columns();
        for (int i = 0; i < columns.size(); i++) {
            SourceColumn column = columns.get(i);
            boolean filled = column.generated() || column.defaultExpression() != null;
            if (filled && read.get(i) && !insert.columns().contains(column.name())) {
                throw NicolError.NOT_PERMITTED.because(
                        "A policy on this table depends on a column that this INSERT leaves to its default."
                                + " Name every column that you see.");
            }
        }
    }

    /** @param watched whose keys are asked for before; null: none */
    Plan change(Body.Change change, @Nullable Watched watched) {
        String source = change.target().name().catalog();
        SourceAdapter adapter = adapters.apply(source);
        if (!Pushdown.sources(change.read()).equals(Set.of(source))
                || !Pushdown.computesWrite(adapter, change.read(), change.scan())) {
            throw NicolError.NOT_SUPPORTED.because("An UPDATE or DELETE must be computable by source `" + source
                    + "` alone: this one reads another source or uses a function it does not have.");
        }
        SqlGenerator generator = new SqlGenerator(adapter);
        SealedScan scan = change.scan();
        RowFilterCheck check = scan.filtersRows() && !change.assignments().isEmpty()
                ? new RowFilterCheck(change.target(), scan, adapter)
                : null;
        RexNode after = check == null || !check.touched(change) ? null : check.after(change);
        SqlNode condition = where(change, after, generator);
        SqlNode where = condition == null ? null : SqlGenerator.condition(condition);
        SqlNode statement;
        if (change.assignments().isEmpty()) {
            statement = new SqlDelete(POS, physicalName(change.target()), where, null, null);
        } else {
            SqlNodeList values = new SqlNodeList(POS);
            change.assignments()
                    .forEach((column, value) ->
                            values.add(fitting(change.target(), adapter, column, written(change, generator, value))));
            statement = new SqlUpdate(
                    POS,
                    physicalName(change.target()),
                    names(List.copyOf(change.assignments().keySet())),
                    values,
                    where,
                    null,
                    null);
        }
        RelDataType none = change.read().getCluster().getTypeFactory().builder().build();
        Map<Integer, RelDataType> types = new HashMap<>(SqlGenerator.types(change.read()));
        types.putAll(SqlGenerator.types(scan));
        SourceSql hidden = check == null || after == null ? null : check.ofChange(change, after);
        SourceSql keys = watched == null || watched.written() == null
                ? null
                : keys(change, watched.written().key(), where, types, generator);
        Plan.RowCount count = counted ? new Plan.RowCount(count(change, where, types, generator), 0) : null;
        return new Plan.Write(source, hidden, keys, count, null, generator.write(source, statement, types, none), null);
    }

    /** The rows that a write meets, by its very condition. */
    private static SourceSql count(
            Body.Change change, @Nullable SqlNode where, Map<Integer, RelDataType> types, SqlGenerator generator) {
        RelDataTypeFactory factory = change.read().getCluster().getTypeFactory();
        RelDataType row = factory.builder()
                .add("written", factory.createSqlType(SqlTypeName.BIGINT))
                .build();
        SqlNodeList columns = SqlNodeList.of(SqlStdOperatorTable.COUNT.createCall(POS, SqlIdentifier.star(POS)));
        SqlNode table = physicalName(change.target());
        SqlNode select =
                new SqlSelect(POS, null, columns, table, where, null, null, null, null, null, null, null, null);
        return generator.write(change.target().name().catalog(), select, types, row);
    }

    /** The primary keys of the rows that a write meets, by its very condition. */
    private @Nullable SourceSql keys(
            Body.Change change,
            List<String> key,
            @Nullable SqlNode where,
            Map<Integer, RelDataType> types,
            SqlGenerator generator) {
        if (key.isEmpty()) {
            return null;
        }
        RelDataType stored = change.target().stored().rowType();
        RelDataTypeFactory.Builder row =
                change.read().getCluster().getTypeFactory().builder();
        SqlNodeList columns = new SqlNodeList(POS);
        for (String column : key) {
            RelDataTypeField field =
                    stored.getFieldList().get(stored.getFieldNames().indexOf(column));
            row.add(field);
            columns.add(generator.expression(
                    change.target().stored().table(), stored, Set.of(), RexInputRef.of(field.getIndex(), stored)));
        }
        SqlNode table = physicalName(change.target());
        SqlNode fetch = SqlLiteral.createExactNumeric(Integer.toString(mostKeys + 1), POS);
        SqlNode select =
                new SqlSelect(POS, null, columns, table, where, null, null, null, null, null, null, fetch, null);
        return generator.write(change.target().name().catalog(), select, types, row.build());
    }

    /** @param after what must hold of the rows as they will be, so that nobody changes one in between; null: nothing */
    private static @Nullable SqlNode where(Body.Change change, @Nullable RexNode after, SqlGenerator generator) {
        SealedScan scan = change.scan();
        if (!scan.filtersRows()) {
            return change.condition().isAlwaysTrue() ? null : written(change, generator, change.condition());
        }
        List<RexNode> leakproof = new ArrayList<>();
        List<RexNode> rest = new ArrayList<>();
        for (RexNode conjunct : RelOptUtil.conjunctions(change.condition())) {
            (Leakproof.total(conjunct, scan) ? leakproof : rest).add(conjunct);
        }
        SqlNode filter = generator.expression(
                change.target().stored().table(),
                change.target().stored().rowType(),
                scan.governed().getInput(0).getVariablesSet(),
                rowFilter(scan));
        SqlNode where = filter;
        for (RexNode conjunct : leakproof) {
            where = and(where, written(change, generator, conjunct));
        }
        if (after != null) {
            rest.add(RowFilterCheck.where(change, after));
        }
        if (!rest.isEmpty()) {
            RexNode all = RexUtil.composeConjunction(scan.getCluster().getRexBuilder(), rest);
            SqlNode guarded = new SqlCase(
                    POS,
                    null,
                    SqlNodeList.of(filter),
                    SqlNodeList.of(written(change, generator, all)),
                    SqlLiteral.createBoolean(false, POS));
            where = and(where, guarded);
        }
        return where;
    }

    private static SqlNode and(SqlNode left, SqlNode right) {
        return SqlStdOperatorTable.AND.createCall(POS, left, right);
    }

    private static SqlNode written(Body.Change change, SqlGenerator generator, RexNode expression) {
        Set<CorrelationId> outer = new HashSet<>(change.outer());
        outer.addAll(change.scan().governed().getInput(0).getVariablesSet());
        return generator.expression(
                change.target().stored().table(), change.scan().getRowType(), outer, expression);
    }

    private static RexNode rowFilter(SealedScan scan) {
        return ((Filter) scan.governed().getInput(0)).getCondition();
    }

    private static SqlIdentifier physicalName(Body.Target target) {
        return new SqlIdentifier(target.stored().table().physicalName(), POS);
    }

    private static SqlNodeList names(List<String> columns) {
        SqlNodeList names = new SqlNodeList(POS);
        columns.forEach(column -> names.add(new SqlIdentifier(column, POS)));
        return names;
    }
}
