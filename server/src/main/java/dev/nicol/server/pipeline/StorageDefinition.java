package dev.nicol.server.pipeline;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceFailures;
import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.sql.SqlGenerator;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.schema.ColumnStrategy;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.ddl.SqlDdlNodes;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;

/** Makes and drops the tables of Nicol's own at a source. */
final class StorageDefinition {
    private static final SqlParserPos POS = SqlParserPos.ZERO;

    private final Source source;
    private final RelDataTypeFactory types;

    StorageDefinition(Source source, RelDataTypeFactory types) {
        this.source = source;
        this.types = types;
    }

    /**
     * Makes a table that keeps rows of a type.
     *
     * @throws dev.nicol.policy.NicolException NOT_SUPPORTED where the source has no such type of a column
     */
    void create(TableName table, RelDataType row) {
        SqlNodeList columns = new SqlNodeList(POS);
        for (RelDataTypeField field : row.getFieldList()) {
            SqlNode type = field.getType().getSqlTypeName() == SqlTypeName.NULL
                    ? null
                    : source.adapter().storageType(field.getType());
            if (!(type instanceof SqlDataTypeSpec spec)) {
                throw notKept(field, "has no type for it");
            }
            boolean nullable = field.getType().isNullable();
            columns.add(SqlDdlNodes.column(
                    POS,
                    new SqlIdentifier(field.getName(), POS),
                    spec.withNullable(nullable),
                    null,
                    nullable ? ColumnStrategy.NULLABLE : ColumnStrategy.NOT_NULLABLE));
        }
        run(SqlDdlNodes.createTable(POS, false, true, name(table), columns, null));
    }

    /**
     * Holds a table that was made against what it shall keep: a source may have made another type of a column.
     *
     * @throws dev.nicol.policy.NicolException NOT_SUPPORTED where a value could come back as another
     */
    void check(SourceTable made, RelDataType row) {
        List<RelDataTypeField> fields = row.getFieldList();
        for (int i = 0; i < fields.size(); i++) {
            RelDataTypeField field = fields.get(i);
            SourceColumn column = i < made.columns().size() ? made.columns().get(i) : null;
            if (column == null
                    || !column.name().equalsIgnoreCase(field.getName())
                    || !keeps(column.type(), field.getType())) {
                throw notKept(field, "would make it " + (column == null ? "nothing" : column.type()));
            }
        }
        if (!made.transactional()) {
            throw NicolError.NOT_SUPPORTED.because(
                    "Source `" + source.definition().name()
                            + "` takes no write back, so rows of a materialized view cannot be replaced at once. Use another place.");
        }
    }

    private static boolean keeps(RelDataType stored, RelDataType asked) {
        boolean family = stored.getSqlTypeName() == asked.getSqlTypeName()
                || SqlTypeName.APPROX_TYPES.contains(stored.getSqlTypeName())
                        && stored.getSqlTypeName() == SqlTypeName.DOUBLE
                        && asked.getSqlTypeName() == SqlTypeName.FLOAT
                || SqlTypeName.BINARY_TYPES.contains(stored.getSqlTypeName())
                        && SqlTypeName.BINARY_TYPES.contains(asked.getSqlTypeName());
        boolean unbounded = stored.getPrecision() == RelDataType.PRECISION_NOT_SPECIFIED;
        boolean sized = asked.getSqlTypeName().allowsPrec() && !unbounded;
        return family
                && (!sized || stored.getPrecision() >= asked.getPrecision())
                && (asked.getSqlTypeName() != SqlTypeName.DECIMAL || stored.getScale() >= asked.getScale())
                && (asked.getComponentType() == null
                        || stored.getComponentType() != null
                                && keeps(stored.getComponentType(), asked.getComponentType()));
    }

    private RuntimeException notKept(RelDataTypeField field, String why) {
        return NicolError.NOT_SUPPORTED.because("Column `" + field.getName() + "` of type " + field.getType()
                + " cannot be kept in source `" + source.definition().name() + "`, which " + why
                + ". CAST it in the view's query, or keep the rows elsewhere.");
    }

    void drop(TableName table) {
        run(SqlDdlNodes.dropTable(POS, true, name(table)));
    }

    private static SqlIdentifier name(TableName table) {
        return new SqlIdentifier(List.of(table.schema(), table.table()), POS);
    }

    private void run(SqlNode definition) {
        SourceAdapter adapter = source.adapter();
        String name = source.definition().name();
        String sql = new SqlGenerator(adapter)
                .write(name, definition, Map.of(), types.builder().build())
                .text();
        try (Connection connection = source.connection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException failure) {
            throw SourceFailures.of(adapter, name, failure);
        }
    }
}
