package dev.nicol.server.catalog;

import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.Decision;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.Flow;
import dev.nicol.server.audit.LineageGraph;
import dev.nicol.server.audit.LineageGraph.Direction;
import dev.nicol.server.audit.LineageGraph.Reached;
import dev.nicol.server.audit.LineageGraph.Viewer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.DataContext;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Function;
import org.apache.calcite.schema.FunctionParameter;
import org.apache.calcite.schema.TableMacro;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * {@code nicol.lineage.upstream('source.schema.table.column')} and {@code downstream}: table functions over the lineage of
 * all statements, seen as {@code nicol.lineage.edges} is: an auditor sees all, others what their own statements moved.
 */
final class LineageFunctions {
    static final String SCHEMA = "lineage";

    /** Whose rights the functions follow. */
    private static final TableName EDGES = new TableName("nicol", SCHEMA, "edges");

    private static final double ESTIMATED_ROWS = 100;
    private static final int INSTANT_DIGITS = 6;
    private static final Pattern PART = Pattern.compile("\\G(?:\"((?:[^\"]|\"\")+)\"|([^\".]+))(\\.|$)");

    private LineageFunctions() {}

    /**
     * The functions of one set of rights. None where the edges themselves are not visible, and none where a policy has
     * more to say about them than the system's own rule: the functions know that rule and no other.
     */
    static Map<String, Function> of(LineageGraph graph, Map<TableName, Decision> decisions, RelDataTypeFactory types) {
        Decision edges = decisions.get(EDGES);
        boolean governed = edges != null
                && edges.rowFilters().stream().allMatch(filter -> filter.name().equals(SystemPolicy.EDGES_FILTER))
                && edges.columns().stream().allMatch(column -> !column.denied() && column.mask() == null);
        return governed
                ? Map.of(
                        "upstream", new Search(graph, Direction.UPSTREAM, types),
                        "downstream", new Search(graph, Direction.DOWNSTREAM, types))
                : Map.of();
    }

    /** The parts of a dotted name; quoted ones may hold dots. */
    static List<String> parts(String name) {
        List<String> parts = new ArrayList<>();
        Matcher part = PART.matcher(name.strip());
        int end = 0;
        boolean more = true;
        while (more && part.find()) {
            String quoted = part.group(1);
            parts.add(quoted == null ? part.group(2).strip() : quoted.replace("\"\"", "\""));
            end = part.end();
            more = !part.group(3).isEmpty();
        }
        if (more || end != name.strip().length() || parts.size() < 3 || parts.size() > 4) {
            throw NicolError.INVALID_STATEMENT.because("`" + name + "` names no table and no column. Write"
                    + " 'source.schema.table' or 'source.schema.table.column'; quote a part that holds a dot.");
        }
        return parts;
    }

    private static final class Search implements TableMacro {
        private final LineageGraph graph;
        private final Direction direction;
        private final int userName;
        private final int auditor;

        Search(LineageGraph graph, Direction direction, RelDataTypeFactory types) {
            this.graph = graph;
            this.direction = direction;
            this.userName = BoundParameter.of(new BoundValue.UserName(), types.createSqlType(SqlTypeName.VARCHAR))
                    .getIndex();
            this.auditor = BoundParameter.of(
                            new BoundValue.InRole(SystemPolicy.AUDITOR_ROLE), types.createSqlType(SqlTypeName.BOOLEAN))
                    .getIndex();
        }

        @Override
        public List<FunctionParameter> getParameters() {
            return List.of(new TextParameter(0, "name"));
        }

        @Override
        public TranslatableTable apply(List<? extends @Nullable Object> arguments) {
            if (!(arguments.get(0) instanceof String name)) {
                throw NicolError.NOT_SUPPORTED.because("The functions of nicol.lineage take a name as a literal text:"
                        + " nicol.lineage.upstream('source.schema.table.column').");
            }
            return new Answer(this, parts(name));
        }

        /** Who asks is known only when a plan runs. */
        List<@Nullable Object[]> rows(DataContext execution, List<String> start) {
            Viewer viewer = new Viewer(
                    String.valueOf(execution.get("?" + userName)), Boolean.TRUE.equals(execution.get("?" + auditor)));
            List<@Nullable Object[]> rows = new ArrayList<>();
            graph.search(direction, start, viewer).forEach(reached -> rows.add(row(reached)));
            return rows;
        }
    }

    private static @Nullable Object[] row(Reached reached) {
        Flow flow = reached.flow();
        TableName source = flow.source().table();
        TableName target = flow.target().table();
        return new @Nullable Object[] {
            reached.depth(),
            source == null ? null : source.catalog(),
            source == null ? null : source.schema(),
            source == null ? null : source.table(),
            flow.source().column(),
            target == null ? null : target.catalog(),
            target == null ? null : target.schema(),
            target == null ? "result" : target.table(),
            flow.target().column(),
            flow.kind(),
            flow.direct(),
            flow.masked(),
            flow.statements(),
            flow.lastStatementId(),
            millis(flow.firstAt()),
            millis(flow.lastAt())
        };
    }

    private static @Nullable Long millis(@Nullable Instant instant) {
        return instant == null ? null : instant.toEpochMilli();
    }

    /** What one search finds. */
    private static final class Answer extends AbstractTable implements TranslatableTable {
        private final Search search;
        private final List<String> start;

        Answer(Search search, List<String> start) {
            this.search = search;
            this.start = start;
        }

        @Override
        public RelDataType getRowType(RelDataTypeFactory types) {
            RelDataType text = types.createTypeWithNullability(types.createSqlType(SqlTypeName.VARCHAR), true);
            RelDataType instant = types.createTypeWithNullability(
                    types.createSqlType(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, INSTANT_DIGITS), true);
            RelDataTypeFactory.Builder row = types.builder();
            row.add("depth", SqlTypeName.INTEGER);
            for (String end : List.of("source", "target")) {
                for (String part : List.of("catalog", "schema", "table", "column")) {
                    row.add(end + "_" + part, text);
                }
            }
            row.add("kind", text).add("direct", SqlTypeName.BOOLEAN).add("masked", SqlTypeName.BOOLEAN);
            row.add("statements", SqlTypeName.BIGINT).add("statement_id", text);
            return row.add("first_at", instant).add("last_at", instant).build();
        }

        @Override
        public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
            String called = SCHEMA + "." + search.direction + start;
            return new CatalogScan(
                    context.getCluster(),
                    called,
                    table.getRowType(),
                    ESTIMATED_ROWS,
                    execution -> search.rows(execution, start));
        }
    }
}
