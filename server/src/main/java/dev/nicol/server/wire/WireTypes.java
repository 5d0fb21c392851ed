package dev.nicol.server.wire;

import java.sql.DatabaseMetaData;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.calcite.avatica.AvaticaParameter;
import org.apache.calcite.avatica.ColumnMetaData;
import org.apache.calcite.avatica.Meta;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.jspecify.annotations.Nullable;

/** Row types to what Avatica tells clients of them. */
final class WireTypes {
    private WireTypes() {}

    /** The signature of an answer: rows arrive as lists, whatever the class of a client. */
    static Meta.Signature signature(
            @Nullable String sql,
            List<ColumnMetaData> columns,
            List<AvaticaParameter> parameters,
            Meta.@Nullable StatementType statementType) {
        return new Meta.Signature(columns, sql, parameters, Map.of(), Meta.CursorFactory.LIST, statementType);
    }

    static List<ColumnMetaData> columns(RelDataType rowType) {
        List<ColumnMetaData> columns = new ArrayList<>(rowType.getFieldCount());
        for (RelDataTypeField field : rowType.getFieldList()) {
            columns.add(column(field.getIndex(), field.getName(), field.getType()));
        }
        return columns;
    }

    static ColumnMetaData column(int ordinal, String name, RelDataType type) {
        WireType wire = WireType.of(type);
        int nullable = type.isNullable() ? DatabaseMetaData.columnNullable : DatabaseMetaData.columnNoNulls;
        return new ColumnMetaData(
                ordinal,
                false,
                wire.character(),
                true,
                false,
                nullable,
                wire.signed(),
                wire.displaySize(),
                name,
                name,
                "",
                wire.precision(),
                wire.scale(),
                "",
                "",
                wire.type(),
                true,
                false,
                false,
                wire.javaClass().getName());
    }

    static List<AvaticaParameter> parameters(RelDataType parameterTypes) {
        List<AvaticaParameter> parameters = new ArrayList<>(parameterTypes.getFieldCount());
        for (RelDataTypeField field : parameterTypes.getFieldList()) {
            WireType wire = WireType.of(field.getType());
            parameters.add(new AvaticaParameter(
                    wire.signed(),
                    wire.precision(),
                    wire.scale(),
                    wire.type().id,
                    wire.type().name,
                    wire.javaClass().getName(),
                    "?" + (field.getIndex() + 1)));
        }
        return parameters;
    }
}
