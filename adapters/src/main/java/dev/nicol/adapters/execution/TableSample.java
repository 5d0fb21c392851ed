package dev.nicol.adapters.execution;

import com.google.common.collect.ImmutableList;
import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceAdapter.ValueReader;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.StoredTable;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.adapters.sql.SqlGenerator;
import dev.nicol.policy.rewrite.SourceScan;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.calcite.plan.ConventionTraitDef;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.volcano.VolcanoPlanner;
import org.apache.calcite.prepare.RelOptTableImpl;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalSort;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * Some raw values of a stored table, as text, for classification: the first rows that the source finds, and of a column
 * that is mostly NULL there, the first that hold a value. What it returns is in memory only and nobody's to keep.
 */
public final class TableSample {
    /** Characters looked at in one value; what follows cannot change what a column is. */
    public static final int MAX_CHARACTERS = 4_000;

    /** Characters of one sample, all values together; rows beyond are left out. */
    public static final long MAX_SAMPLE_CHARACTERS = 16_000_000;

    /** A column with fewer values than this in a sample of a larger table is asked for those it has. */
    private static final int FEW_VALUES = 20;

    private final StoredTable table;
    private final SourceAdapter adapter;
    private final SourceExecution execution;
    private final int rows;

    /** @param rows looked at, at most; 1 at least */
    public TableSample(StoredTable table, SourceAdapter adapter, SourceExecution execution, int rows) {
        this.table = table;
        this.adapter = adapter;
        this.execution = execution;
        this.rows = rows;
    }

    /**
     * What was found.
     *
     * @param rows read from the table
     * @param values by column, NULLs left out
     */
    public record Values(long rows, Map<String, List<String>> values) {
        @Override
        public String toString() {
            return "sample of " + rows + " rows of " + values.size() + " columns";
        }
    }

    /**
     * Reads the sample of some columns.
     *
     * @throws dev.nicol.policy.NicolException where the source fails
     */
    public Values of(List<SourceColumn> columns) {
        List<SourceColumn> readable =
                columns.stream().filter(column -> isText(column.type())).toList();
        Map<String, List<String>> values = new LinkedHashMap<>();
        columns.forEach(column -> values.put(column.name(), new ArrayList<>()));
        long read = read(readable, false, values);
        if (read == rows) {
            for (SourceColumn column : readable) {
                List<String> found = values.getOrDefault(column.name(), List.of());
                if (found.size() < FEW_VALUES && column.type().isNullable()) {
                    found.clear();
                    read(List.of(column), true, values);
                }
            }
        }
        return new Values(read, values);
    }

    /** Bytes say nothing to a detector. */
    private static boolean isText(RelDataType type) {
        RelDataType component = type.getComponentType();
        SqlTypeName name = component == null ? type.getSqlTypeName() : component.getSqlTypeName();
        return !SqlTypeName.BINARY_TYPES.contains(name);
    }

    private long read(List<SourceColumn> columns, boolean valuesOnly, Map<String, List<String>> into) {
        RelNode plan = plan(columns, valuesOnly);
        SourceSql sql = new SqlGenerator(adapter).query(table.table().name().catalog(), plan);
        List<RelDataType> types = columns.stream().map(SourceColumn::type).toList();
        long read = 0;
        long[] characters = {0};
        try (SourceQuery query = execution.open(sql, SourceExecution.Use.COPY)) {
            for (@Nullable Object[] row = query.next(); row != null; row = query.next()) {
                read++;
                for (int i = 0; i < columns.size(); i++) {
                    List<String> found = into.computeIfAbsent(columns.get(i).name(), name -> new ArrayList<>());
                    text(row[i], types.get(i), text -> {
                        characters[0] += text.length();
                        found.add(text);
                    });
                }
                if (characters[0] > MAX_SAMPLE_CHARACTERS) {
                    break;
                }
            }
        }
        return read;
    }

    private RelNode plan(List<SourceColumn> columns, boolean valuesOnly) {
        RelDataTypeFactory types = NicolTypeSystem.factory();
        VolcanoPlanner planner = new VolcanoPlanner();
        planner.addRelTraitDef(ConventionTraitDef.INSTANCE);
        RexBuilder rex = new RexBuilder(types);
        RelOptCluster cluster = RelOptCluster.create(planner, rex);
        RelOptTable stored = RelOptTableImpl.create(
                null,
                table.rowType(),
                table,
                ImmutableList.copyOf(table.table().name().parts()));
        RelNode plan = new SourceScan(cluster, stored);
        if (valuesOnly) {
            RexNode value = rex.makeInputRef(plan, position(columns.get(0)));
            plan = LogicalFilter.create(plan, rex.makeCall(SqlStdOperatorTable.IS_NOT_NULL, value));
        }
        List<RexNode> read = new ArrayList<>();
        for (SourceColumn column : columns) {
            read.add(start(rex, rex.makeInputRef(plan, position(column))));
        }
        if (read.isEmpty()) {
            // rows without values still tell how large the table is
            read.add(rex.makeExactLiteral(BigDecimal.ONE));
        }
        RelNode project = LogicalProject.create(plan, List.of(), read, names(read.size()), Set.of());
        return LogicalSort.create(project, RelCollations.EMPTY, null, rex.makeExactLiteral(BigDecimal.valueOf(rows)));
    }

    private static List<String> names(int columns) {
        return IntStream.range(0, columns).mapToObj(i -> "c" + i).toList();
    }

    private int position(SourceColumn column) {
        return table.rowType().getFieldNames().indexOf(column.name());
    }

    private static RexNode start(RexBuilder rex, RexNode column) {
        RelDataType type = column.getType();
        boolean cut = type.getSqlTypeName() == SqlTypeName.VARCHAR
                && (type.getPrecision() < 0 || type.getPrecision() > MAX_CHARACTERS);
        return cut
                ? rex.makeCall(
                        SqlStdOperatorTable.SUBSTRING,
                        column,
                        rex.makeExactLiteral(BigDecimal.ONE),
                        rex.makeExactLiteral(BigDecimal.valueOf(MAX_CHARACTERS)))
                : column;
    }

    /** A value of the engine's representation ({@link ValueReader}) as people write it; the elements of an array, one by one. */
    private static void text(@Nullable Object value, RelDataType type, Consumer<String> found) {
        if (value == null) {
            return;
        }
        RelDataType component = type.getComponentType();
        if (value instanceof List<?> elements && component != null) {
            elements.forEach(element -> text(element, component, found));
            return;
        }
        String text = text(value, type.getSqlTypeName());
        found.accept(text.length() > MAX_CHARACTERS ? text.substring(0, MAX_CHARACTERS) : text);
    }

    private static String text(Object value, SqlTypeName type) {
        if (value instanceof BigDecimal decimal) {
            return decimal.toPlainString();
        } else if (value instanceof Number number) {
            return switch (type) {
                case DATE -> LocalDate.ofEpochDay(number.longValue()).toString();
                case TIME ->
                    LocalTime.ofNanoOfDay(number.longValue() * 1_000_000).toString();
                case TIMESTAMP ->
                    LocalDateTime.ofInstant(Instant.ofEpochMilli(number.longValue()), ZoneOffset.UTC)
                            .toString();
                case TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
                    Instant.ofEpochMilli(number.longValue()).toString();
                default -> number.toString();
            };
        }
        return value.toString();
    }
}
