package dev.nicol.adapters.testing;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceAdapter.ValueReader;
import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.rel2sql.RelToSqlConverter;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.schema.SchemaPlus;
import org.apache.calcite.schema.impl.AbstractSchema;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.sql.SqlDialect;
import org.apache.calcite.sql.util.SqlString;
import org.apache.calcite.tools.Frameworks;
import org.apache.calcite.tools.RelBuilder;
import org.jspecify.annotations.Nullable;

/** Writes a plan over one source in the source's dialect and runs it there, as simply as can be. */
public final class PlanRunner {
    private final Source source;

    public PlanRunner(Source source) {
        this.source = source;
    }

    /** A builder that knows {@code tables} by their physical names. */
    public static RelBuilder builder(Iterable<SourceTable> tables) {
        SchemaPlus root = Frameworks.createRootSchema(false);
        for (SourceTable table : tables) {
            SchemaPlus schema = root.subSchemas().get(table.physicalName().get(0));
            if (schema == null) {
                schema = root.add(table.physicalName().get(0), new AbstractSchema());
            }
            schema.add(table.physicalName().get(1), new Described(table));
        }
        return RelBuilder.create(Frameworks.newConfigBuilder()
                .defaultSchema(root)
                .typeSystem(NicolTypeSystem.INSTANCE)
                .build());
    }

    /** The plan in the source's SQL. */
    public SqlString sql(RelNode plan) {
        SqlDialect dialect = source.adapter().dialect();
        return new RelToSqlConverter(dialect).visitRoot(plan).asStatement().toSqlString(configuration -> configuration
                .withDialect(dialect)
                .withAlwaysUseParentheses(false)
                .withSelectListItemsOnSeparateLines(false)
                .withUpdateSetListNewline(false)
                .withIndentation(0)
                .withQuoteAllIdentifiers(true));
    }

    /** All rows, in the engine's representation. */
    public List<List<@Nullable Object>> rows(RelNode plan, Map<Integer, Parameter> parameters) {
        SqlString sql = sql(plan);
        try (Connection connection = source.connection();
                PreparedStatement statement = connection.prepareStatement(sql.getSql())) {
            int position = 1;
            for (int index : sql.getDynamicParameters() == null ? List.<Integer>of() : sql.getDynamicParameters()) {
                Parameter parameter = parameters.get(index);
                source.adapter().bind(statement, position++, parameter.value(), parameter.type());
            }
            try (ResultSet row = statement.executeQuery()) {
                return read(row, plan.getRowType());
            }
        } catch (SQLException failure) {
            throw new IllegalStateException(sql.getSql(), failure);
        }
    }

    /** The rest of a result. */
    public List<List<@Nullable Object>> read(ResultSet row, RelDataType type) throws SQLException {
        List<ValueReader> readers = new ArrayList<>();
        for (RelDataTypeField field : type.getFieldList()) {
            readers.add(source.adapter().reader(field.getType()));
        }
        List<List<@Nullable Object>> rows = new ArrayList<>();
        while (row.next()) {
            List<@Nullable Object> values = new ArrayList<>();
            for (int i = 0; i < readers.size(); i++) {
                values.add(readers.get(i).read(row, i + 1));
            }
            rows.add(values);
        }
        return rows;
    }

    /** A value to bind, in the engine's representation. */
    public record Parameter(@Nullable Object value, RelDataType type) {}

    private static final class Described extends AbstractTable {
        private final SourceTable table;

        Described(SourceTable table) {
            this.table = table;
        }

        @Override
        public RelDataType getRowType(RelDataTypeFactory types) {
            RelDataTypeFactory.Builder row = types.builder();
            table.columns().forEach(column -> row.add(column.name(), column.type()));
            return row.build();
        }
    }
}
