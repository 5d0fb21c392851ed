package dev.nicol.adapters.h2;

import com.zaxxer.hikari.HikariConfig;
import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.SourceIdentity;
import dev.nicol.adapters.StandardValues;
import dev.nicol.adapters.dialect.PushableOperators;
import dev.nicol.policy.NicolError;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlDialect;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** H2, embedded or over TCP. */
public final class H2Adapter implements SourceAdapter {
    private static final int STATEMENT_CANCELED = 57014;
    private static final int LOCK_TIMEOUT = 50200;
    private static final int SUB_QUERY_OF_SEVERAL_ROWS = 90053;
    private static final Set<Integer> FORBIDDEN = Set.of(90040, 90096);

    /** No such table, near which there may be others or none at all; no such column, schema. */
    private static final Set<Integer> MISSING = Set.of(42102, 42103, 42104, 42122, 90079);

    private static final SqlDialect DIALECT = new H2Dialect();

    @Override
    public String kind() {
        return "h2";
    }

    @Override
    public SqlDialect dialect() {
        return DIALECT;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(
                Capability.AGGREGATE_FILTER,
                Capability.NULLS_ORDERING,
                Capability.ROW_IN,
                Capability.CORRELATED_OUTER_JOIN,
                Capability.SUB_QUERY_IN_OUTER_JOIN,
                Capability.RECURSIVE_QUERY,
                Capability.ARRAYS,
                Capability.TIMESTAMP_WITH_ZONE,
                Capability.GENERATED_KEYS);
    }

    @Override
    public boolean computes(SqlOperator operator, List<RelDataType> operands) {
        SqlKind kind = operator.getKind();
        if (kind == SqlKind.AVG) {
            // Of small integers it is a DOUBLE, with fewer digits than ours.
            SqlTypeName argument = operands.get(0).getSqlTypeName();
            return argument == SqlTypeName.DOUBLE || argument == SqlTypeName.FLOAT || argument == SqlTypeName.REAL;
        }
        return PushableOperators.common(operator, operands);
    }

    @Override
    public void configure(HikariConfig pool) {
        pool.setConnectionInitSql("SET TIME ZONE 'UTC'");
    }

    @Override
    public void tag(Connection connection, SourceIdentity identity, @Nullable String before, @Nullable String role)
            throws SQLException {
        try (PreparedStatement tag = connection.prepareStatement("SELECT SET(@nicol_user, ?), SET(@nicol_agent, ?),"
                + " SET(@nicol_purpose, ?), SET(@nicol_connection, ?)")) {
            tag.setString(1, identity.user());
            tag.setString(2, identity.agent());
            tag.setString(3, identity.purpose());
            tag.setString(4, identity.connectionId());
            tag.execute();
        }
    }

    @Override
    public SourceCatalog read(Connection connection, SourceDefinition definition, RelDataTypeFactory types)
            throws SQLException {
        return new H2Catalog(connection, definition, types).read();
    }

    @Override
    public boolean readAsText(SourceColumn column) {
        return column.type().getSqlTypeName() == SqlTypeName.VARCHAR
                && !column.nativeType().startsWith("CHARACTER");
    }

    @Override
    public @Nullable String writtenAs(SourceColumn column) {
        if (column.nativeType().equals("JSON")) {
            throw NicolError.NOT_SUPPORTED.because(
                    "Column `" + column.name()
                            + "` is JSON, and H2 would store a text as one JSON string. Leave it out, or write it at the source.");
        }
        return null;
    }

    @Override
    public void beginStreaming(Connection connection, boolean oneScan) throws SQLException {
        if (oneScan) {
            lazy(connection, true);
        }
    }

    @Override
    public void endStreaming(Connection connection) throws SQLException {
        lazy(connection, false);
    }

    /**
     * Lazy execution yields rows as they are found, instead of all of them from memory or disk. It also makes H2 run
     * sub-queries and the inner sides of joins again for every row, whose answers it would otherwise keep.
     */
    private static void lazy(Connection connection, boolean on) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET LAZY_QUERY_EXECUTION " + (on ? 1 : 0));
        }
    }

    @Override
    public void stream(Statement statement, int fetchRows) throws SQLException {
        statement.setFetchSize(fetchRows);
    }

    @Override
    public ValueReader reader(RelDataType type) {
        return StandardValues.reader(type);
    }

    /** CHAR is none: where it is cast to VARCHAR, H2 keeps the blanks that fill it. */
    @Override
    public @Nullable SqlNode storageType(RelDataType type) {
        return type.getSqlTypeName() == SqlTypeName.CHAR ? null : SourceAdapter.super.storageType(type);
    }

    @Override
    public void bind(PreparedStatement statement, int index, @Nullable Object value, RelDataType type)
            throws SQLException {
        if (value instanceof List<?> elements && type.getComponentType() != null) {
            statement.setObject(index, StandardValues.arrayElements(elements, type.getComponentType()));
        } else {
            StandardValues.bind(statement, index, value, type);
        }
    }

    @Override
    public boolean missesName(SQLException failure) {
        return MISSING.contains(failure.getErrorCode());
    }

    @Override
    public NicolError classify(SQLException failure) {
        int code = failure.getErrorCode();
        String state = failure.getSQLState();
        if (code == STATEMENT_CANCELED) {
            return NicolError.CANCELLED;
        } else if (FORBIDDEN.contains(code)) {
            return NicolError.NOT_PERMITTED;
        } else if (code == LOCK_TIMEOUT || state == null) {
            return NicolError.SOURCE_FAILED;
        } else if (state.startsWith("22") || state.startsWith("21") || code == SUB_QUERY_OF_SEVERAL_ROWS) {
            return NicolError.DATA;
        } else if (state.startsWith("23")) {
            return NicolError.CONSTRAINT;
        }
        return NicolError.SOURCE_FAILED;
    }
}
