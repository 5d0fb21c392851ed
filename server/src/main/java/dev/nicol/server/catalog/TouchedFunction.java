package dev.nicol.server.catalog;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMultimap;
import com.google.common.collect.Multimap;
import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.Decision;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.GovernedTable;
import dev.nicol.server.audit.RowHash;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.prepare.RelOptTableImpl;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalUnion;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.schema.Function;
import org.apache.calcite.schema.FunctionParameter;
import org.apache.calcite.schema.Table;
import org.apache.calcite.schema.TableMacro;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * {@code nicol.audit.touched('source.schema.table', 'key')}: the statements that touched one row, or may have. A condition on
 * {@code nicol.audit.rows_touched}, governed as that is and computed by the store, for who may see all of it: to others it
 * would say which keys there are.
 */
final class TouchedFunction implements TableMacro {
    static final String SCHEMA = "audit";

    private static final String NAME = "touched";
    private static final TableName ROWS = new TableName("nicol", SCHEMA, "rows_touched");

    /** Columns of a primary key that can be told. */
    private static final int MOST_COLUMNS = 8;

    private final @Nullable GovernedTable rows;
    private final Map<TableName, StoredTable> stored;
    private final BoundValue.KeyPads keys;
    private final int columns;

    private TouchedFunction(
            @Nullable GovernedTable rows, Map<TableName, StoredTable> stored, BoundValue.KeyPads keys, int columns) {
        this.rows = rows;
        this.stored = stored;
        this.keys = keys;
        this.columns = columns;
    }

    /** The function, once for each number of key columns, in the catalogue of one set of rights. */
    static Multimap<String, Function> of(
            Map<TableName, Table> visible, Map<TableName, StoredTable> stored, BoundValue.KeyPads keys) {
        GovernedTable rows =
                visible.get(ROWS) instanceof GovernedTable table && seesAll(table.decision()) ? table : null;
        ImmutableMultimap.Builder<String, Function> functions = ImmutableMultimap.builder();
        for (int columns = 1; columns <= MOST_COLUMNS; columns++) {
            functions.put(NAME, new TouchedFunction(rows, stored, keys, columns));
        }
        return functions.build();
    }

    private static boolean seesAll(Decision decision) {
        return decision.rowFilters().isEmpty()
                && decision.columns().stream().allMatch(column -> !column.denied() && column.mask() == null);
    }

    @Override
    public List<FunctionParameter> getParameters() {
        List<FunctionParameter> parameters = new ArrayList<>();
        for (int i = 0; i <= columns; i++) {
            parameters.add(new TextParameter(i, i == 0 ? "table_name" : "key" + i));
        }
        return parameters;
    }

    @Override
    public TranslatableTable apply(List<? extends @Nullable Object> arguments) {
        if (rows == null) {
            throw NicolError.NOT_PERMITTED.because("nicol.audit.touched is for auditors: a user with the role `"
                    + SystemPolicy.AUDITOR_ROLE + "` who sees all of nicol.audit.rows_touched.");
        }
        List<String> texts = new ArrayList<>();
        for (Object argument : arguments) {
            if (!(argument instanceof String text)) {
                throw NicolError.NOT_SUPPORTED.because("nicol.audit.touched takes literal texts:"
                        + " nicol.audit.touched('source.schema.table', 'key').");
            }
            texts.add(text);
        }
        StoredTable table = table(texts.get(0));
        return new Answer(rows, table.table().name(), hash(table, texts.subList(1, texts.size())));
    }

    private StoredTable table(String name) {
        List<String> parts = LineageFunctions.parts(name);
        List<StoredTable> found = new ArrayList<>();
        for (Map.Entry<TableName, StoredTable> entry : stored.entrySet()) {
            if (entry.getKey().parts().equals(parts)) {
                return entry.getValue();
            } else if (String.join("\0", entry.getKey().parts()).equalsIgnoreCase(String.join("\0", parts))) {
                found.add(entry.getValue());
            }
        }
        if (found.size() != 1) {
            throw NicolError.UNKNOWN_TABLE.because("There is no table `" + name + "` to have touched rows."
                    + " Spell it as nicol.information_schema.tables does.");
        }
        return found.get(0);
    }

    private String hash(StoredTable table, List<String> key) {
        List<RelDataType> types = new ArrayList<>();
        for (String column : table.table().primaryKey()) {
            types.add(table.rowType()
                    .getFieldList()
                    .get(table.rowType().getFieldNames().indexOf(column))
                    .getType());
        }
        if (types.isEmpty() || !types.stream().allMatch(RowHash::supports)) {
            throw NicolError.NOT_SUPPORTED.because("Rows of `" + table.table().name()
                    + "` are not told apart: it has no primary key, or one of a type that has not one text.");
        } else if (types.size() != key.size()) {
            throw NicolError.INVALID_STATEMENT.because(
                    "The primary key of `" + table.table().name() + "` has "
                            + types.size() + " columns: give a text for each, in the order "
                            + String.join(", ", table.table().primaryKey()) + ".");
        }
        String hash = RowHash.of(table.table().name(), types, key, keys);
        if (hash == null) {
            throw NicolError.INVALID_STATEMENT.because(
                    "That is no value of the primary key of `" + table.table().name() + "` ("
                            + String.join(", ", table.table().primaryKey()) + ").");
        }
        return hash;
    }

    /** The statements that touched one row. */
    private static final class Answer extends AbstractTable implements TranslatableTable {
        private final GovernedTable rows;
        private final TableName table;
        private final String hash;

        Answer(GovernedTable rows, TableName table, String hash) {
            this.rows = rows;
            this.table = table;
            this.hash = hash;
        }

        @Override
        public RelDataType getRowType(RelDataTypeFactory types) {
            RelDataType stored = rows.getRowType(types);
            return types.builder()
                    .add("statement_id", type(stored, "statement_id"))
                    .add("access", type(stored, "access"))
                    .add("certain", SqlTypeName.BOOLEAN)
                    .build();
        }

        private static RelDataType type(RelDataType row, String column) {
            return row.getFieldList().get(row.getFieldNames().indexOf(column)).getType();
        }

        @Override
        public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable called) {
            RelDataTypeFactory types = context.getCluster().getTypeFactory();
            RelOptTable all = RelOptTableImpl.create(
                    called.getRelOptSchema(), rows.getRowType(types), rows, ImmutableList.copyOf(ROWS.parts()));
            RelNode seal = rows.toRel(context, all);
            RexBuilder rex = context.getCluster().getRexBuilder();
            RexNode keyHash = column(rex, seal, "key_hash");
            // Two searches of the index, where OR would be one of all the table's rows.
            List<RelNode> found = new ArrayList<>();
            for (RexNode condition : List.of(
                    rex.makeCall(SqlStdOperatorTable.EQUALS, keyHash, rex.makeLiteral(hash)),
                    rex.makeCall(SqlStdOperatorTable.IS_NULL, keyHash))) {
                RexNode ofTable = rex.makeCall(
                        SqlStdOperatorTable.EQUALS,
                        column(rex, seal, "table_id"),
                        rex.makeLiteral(RowHash.tableId(table)));
                RelNode rows = LogicalFilter.create(seal, rex.makeCall(SqlStdOperatorTable.AND, ofTable, condition));
                found.add(LogicalProject.create(
                        rows,
                        List.of(),
                        List.of(
                                column(rex, seal, "statement_id"),
                                column(rex, seal, "access"),
                                rex.makeLiteral(found.isEmpty())),
                        List.of("statement_id", "access", "certain"),
                        Set.of()));
            }
            return LogicalUnion.create(found, true);
        }

        private static RexNode column(RexBuilder rex, RelNode row, String name) {
            return rex.makeInputRef(row, row.getRowType().getFieldNames().indexOf(name));
        }
    }
}
