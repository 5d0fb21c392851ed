package dev.nicol.adapters.postgres;

import com.zaxxer.hikari.HikariConfig;
import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.SourceIdentity;
import dev.nicol.adapters.StandardValues;
import dev.nicol.adapters.dialect.PushableOperators;
import dev.nicol.policy.NicolError;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlDialect;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;

/** PostgreSQL. */
public final class PostgresAdapter implements SourceAdapter {
    /** How long a connection may take to come about, in seconds. */
    private static final String CONNECT_TIMEOUT_S = "10";

    private static final String TAG = "set_config('application_name', ?, false), set_config('nicol.user', ?, false),"
            + " set_config('nicol.agent', ?, false), set_config('nicol.purpose', ?, false),"
            + " set_config('nicol.connection', ?, false)";

    /** No such table, column, schema. */
    private static final Set<String> MISSING = Set.of("42P01", "42703", "3F000");

    private static final SqlDialect DIALECT = new PostgresDialect();

    @Override
    public String kind() {
        return "postgresql";
    }

    @Override
    public SqlDialect dialect() {
        return DIALECT;
    }

    @Override
    public Set<Capability> capabilities() {
        return EnumSet.allOf(Capability.class).stream()
                .filter(capability ->
                        capability != Capability.UNSIGNED && capability != Capability.FULL_JOIN_ON_ANYTHING)
                .collect(java.util.stream.Collectors.toUnmodifiableSet());
    }

    @Override
    public boolean computes(SqlOperator operator, List<RelDataType> operands) {
        if (operator.getKind() == SqlKind.MOD && operands.stream().anyMatch(SqlTypeUtil::isApproximateNumeric)) {
            return false;
        }
        return PushableOperators.common(operator, operands);
    }

    @Override
    public void configure(HikariConfig pool) {
        pool.addDataSourceProperty("ApplicationName", "nicol");
        pool.addDataSourceProperty("connectTimeout", CONNECT_TIMEOUT_S);
        pool.addDataSourceProperty("loginTimeout", CONNECT_TIMEOUT_S);
        pool.addDataSourceProperty("tcpKeepAlive", "true");
        // Offending rows stay out of messages.
        pool.addDataSourceProperty("logServerErrorDetail", "false");
        pool.setConnectionInitSql("SET TIME ZONE 'UTC'; SET standard_conforming_strings = on;"
                + " SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 3");
    }

    @Override
    public void tag(Connection connection, SourceIdentity identity, @Nullable String before, @Nullable String role)
            throws SQLException {
        boolean roles = before != null || role != null;
        try (PreparedStatement tag =
                connection.prepareStatement("SELECT " + (roles ? "set_config('role', ?, false), " : "") + TAG)) {
            int index = 1;
            if (roles) {
                // NULL is RESET ROLE
                tag.setString(index++, role);
            }
            tag.setString(index++, identity.applicationName());
            tag.setString(index++, identity.user());
            tag.setString(index++, identity.agent());
            tag.setString(index++, identity.purpose());
            tag.setString(index, identity.connectionId());
            tag.execute();
        }
    }

    @Override
    public boolean assumesRoles() {
        return true;
    }

    @Override
    public SourceCatalog read(Connection connection, SourceDefinition definition, RelDataTypeFactory types)
            throws SQLException {
        return new PostgresCatalog(connection, definition, types).read();
    }

    @Override
    public boolean readAsText(SourceColumn column) {
        return column.type().getSqlTypeName() == SqlTypeName.VARCHAR
                && !column.nativeType().startsWith("character varying")
                && !column.nativeType().equals("text")
                && !column.nativeType().equals("character")
                && !column.nativeType().equals("bpchar");
    }

    @Override
    public @Nullable String writtenAs(SourceColumn column) {
        return readAsText(column) ? column.nativeType() : null;
    }

    /** It plans no parallel workers for rows that are fetched in parts. */
    @Override
    public boolean cursorsAreSlower() {
        return true;
    }

    @Override
    public void beginStreaming(Connection connection, boolean oneScan) throws SQLException {
        // Only inside a transaction does the driver keep a cursor.
        connection.setAutoCommit(false);
    }

    @Override
    public void stream(Statement statement, int fetchRows) throws SQLException {
        statement.setFetchSize(fetchRows);
    }

    @Override
    public ValueReader reader(RelDataType type) {
        if (type.getSqlTypeName() == SqlTypeName.DECIMAL) {
            return (row, index) -> decimal(row.getString(index));
        }
        return StandardValues.reader(type);
    }

    private static @Nullable BigDecimal decimal(@Nullable String text) {
        if (text == null) {
            return null;
        } else if (text.equals("NaN") || text.endsWith("Infinity")) {
            throw NicolError.DATA.because("A number in the result is `" + text
                    + "`, which no decimal can hold; leave such rows out, or CAST the column to DOUBLE.");
        }
        return new BigDecimal(text);
    }

    @Override
    public void bind(PreparedStatement statement, int index, @Nullable Object value, RelDataType type)
            throws SQLException {
        if (value instanceof List<?> elements && type.getComponentType() != null) {
            RelDataType element = type.getComponentType();
            // The driver knows array types by names without a precision.
            String name = PostgresDialect.castName(element).replaceFirst("\\(.*", "");
            statement.setArray(
                    index,
                    statement.getConnection().createArrayOf(name, StandardValues.arrayElements(elements, element)));
            return;
        }
        StandardValues.bind(statement, index, value, type);
    }

    /** A sub-query is hashed whatever is known of the array; {@code = ANY (?)} of a prepared statement would be searched row by row. */
    @Override
    public String keysInArray() {
        return "= ANY (SELECT unnest(?))";
    }

    @Override
    public boolean transactionFailed(Connection connection) throws SQLException {
        return connection.unwrap(BaseConnection.class).getTransactionState() == TransactionState.FAILED;
    }

    @Override
    public boolean missesName(SQLException failure) {
        return failure.getSQLState() != null && MISSING.contains(failure.getSQLState());
    }

    @Override
    public NicolError classify(SQLException failure) {
        String state = failure.getSQLState();
        if (state == null) {
            return NicolError.SOURCE_FAILED;
        } else if (state.equals("57014")) {
            return NicolError.CANCELLED;
        } else if (state.startsWith("22") || state.equals("21000")) {
            return NicolError.DATA;
        } else if (state.startsWith("23")) {
            return NicolError.CONSTRAINT;
        } else if (state.equals("42501")) {
            return NicolError.NOT_PERMITTED;
        } else if (state.equals("25P02")) {
            return NicolError.TRANSACTION_STATE;
        }
        return NicolError.SOURCE_FAILED;
    }
}
