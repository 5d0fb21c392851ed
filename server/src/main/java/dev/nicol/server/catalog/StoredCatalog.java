package dev.nicol.server.catalog;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.policy.filter.PolicyFunctions;
import dev.nicol.policy.rewrite.PolicyCatalog;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.jspecify.annotations.Nullable;

/** All tables of one catalogue snapshot with raw values: what row filters are validated against, and nothing else. */
final class StoredCatalog implements PolicyCatalog {
    private final CalciteSchema root;
    private final Map<TableName, StoredTable> tables = new LinkedHashMap<>();
    private final RelDataTypeFactory types;
    private final Expressions expressions;

    /** Parses a policy's SQL. */
    interface Expressions {
        SqlNode expression(String sql);
    }

    StoredCatalog(CatalogSnapshot snapshot, RelDataTypeFactory types, Expressions expressions) {
        this.types = types;
        this.expressions = expressions;
        snapshot.sources().values().forEach(source -> {
            for (SourceTable table : source.tables().values()) {
                tables.put(table.name(), new StoredTable(table, types));
            }
        });
        this.root = SchemaTree.of(tables);
    }

    Map<TableName, StoredTable> tables() {
        return tables;
    }

    @Override
    public RelOptTable stored(TableName table) {
        RelOptTable found = space(List.of()).catalogReader().getTable(table.parts());
        if (found == null) {
            throw NicolError.UNKNOWN_TABLE.because(
                    "Table `" + table + "` is gone. Look at nicol.information_schema.tables.");
        }
        return found;
    }

    @Override
    public RelNode filtered(RelOptCluster cluster, TableName table, String condition) {
        PlanningSpace space = within(cluster, table);
        try {
            SqlNode where = expressions.expression(condition);
            return space.convert(select(table, null, where)).rel;
        } catch (RuntimeException | Error failure) {
            throw NicolError.NOT_PERMITTED.because(
                    "The policy on `" + table + "` cannot be applied, so nothing of it can be read. Tell a steward.",
                    "row filter of " + table + ": " + failure,
                    failure);
        }
    }

    /** The tree of a policy's expression; throws what the parser says. */
    SqlNode parsed(String sql) {
        return expressions.expression(sql);
    }

    /** Where an expression over the table's rows is validated and planned. */
    PlanningSpace spaceOf(TableName table) {
        return within(space(List.of()).cluster(), table);
    }

    private PlanningSpace within(RelOptCluster cluster, TableName table) {
        return space(List.of())
                .within(cluster, root, List.of(table.catalog(), table.schema()), PolicyFunctions.OPERATORS);
    }

    /**
     * {@code SELECT expression FROM table WHERE condition}.
     *
     * @param expression null: every column
     * @param condition null: every row
     */
    static SqlSelect select(TableName table, @Nullable SqlNode expression, @Nullable SqlNode condition) {
        return new SqlSelect(
                SqlParserPos.ZERO,
                null,
                expression == null ? SqlNodeList.SINGLETON_STAR : SqlNodeList.of(expression),
                new SqlIdentifier(new ArrayList<>(table.parts()), SqlParserPos.ZERO),
                condition,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    private PlanningSpace space(List<String> path) {
        return PlanningSpace.over(root, path, types, sql -> {
            throw new IllegalStateException("stored tables have no views");
        });
    }
}
