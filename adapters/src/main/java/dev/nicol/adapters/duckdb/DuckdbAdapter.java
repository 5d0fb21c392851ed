package dev.nicol.adapters.duckdb;

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
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlDialect;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/** DuckDB, in this process. */
public final class DuckdbAdapter implements SourceAdapter {
    private static final SqlDialect DIALECT = new DuckdbDialect();

    /** Names of errors that the data of a statement cause; DuckDB has no SQLSTATE. */
    private static final List<String> DATA_ERRORS =
            List.of("Conversion Error", "Out of Range Error", "Invalid Input Error", "Mismatch Type Error");

    /** No such table, no such column. */
    private static final List<String> MISSING = List.of("Catalog Error", "Binder Error");

    /** At the end of a message that begins with paths. */
    private static final Pattern HOLDER = Pattern.compile("\\(PID (\\d{1,10})\\)");

    /** What DuckDB says to every statement of a transaction that has failed; its COMMIT undoes such a one and succeeds. */
    private static final String ABORTED = "TransactionContext Error: Current transaction is aborted";

    @Override
    public String kind() {
        return "duckdb";
    }

    @Override
    public SqlDialect dialect() {
        return DIALECT;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(
                Capability.FULL_JOIN,
                Capability.FULL_JOIN_ON_ANYTHING,
                Capability.GROUPING_SETS,
                Capability.EXCEPT_ALL,
                Capability.INTERSECT_ALL,
                Capability.AGGREGATE_FILTER,
                Capability.NULLS_ORDERING,
                Capability.LATERAL,
                Capability.OUTER_NAMES_IN_FROM,
                Capability.COMPUTED_KEYS,
                Capability.RECURSIVE_QUERY,
                Capability.TRANSACTIONAL_DDL,
                Capability.ARRAYS,
                Capability.TIMESTAMP_WITH_ZONE,
                Capability.UNSIGNED);
    }

    @Override
    public boolean computes(SqlOperator operator, List<RelDataType> operands) {
        SqlKind kind = operator.getKind();
        // Division by zero is NULL here and an error with us.
        if (kind == SqlKind.DIVIDE || kind == SqlKind.MOD) {
            return false;
        } else if (kind == SqlKind.AVG) {
            return SqlTypeUtil.isApproximateNumeric(operands.get(0));
        } else if (kind == SqlKind.CAST && operands.size() == 2 && PushableOperators.isText(operands.get(1))) {
            // Lengths are ignored here.
            return operands.get(1).getSqlTypeName() == SqlTypeName.VARCHAR
                    && operands.get(1).getPrecision() == RelDataType.PRECISION_NOT_SPECIFIED
                    && PushableOperators.common(operator, operands);
        }
        return PushableOperators.common(operator, operands);
    }

    @Override
    public void configure(HikariConfig pool) {
        pool.addDataSourceProperty("jdbc_stream_results", "true");
        pool.setConnectionInitSql("SET TimeZone = 'UTC'");
    }

    @Override
    public void tag(Connection connection, SourceIdentity identity, @Nullable String before, @Nullable String role)
            throws SQLException {
        set(connection, "nicol_user", identity.user());
        set(connection, "nicol_agent", identity.agent());
        set(connection, "nicol_purpose", identity.purpose());
        set(connection, "nicol_connection", identity.connectionId());
    }

    /** One at a time: it has no statement that sets several, and is in this process. */
    private static void set(Connection connection, String variable, String value) throws SQLException {
        try (PreparedStatement tag = connection.prepareStatement("SET VARIABLE " + variable + " = ?")) {
            tag.setString(1, value);
            tag.execute();
        }
    }

    @Override
    public boolean knowsLogins() {
        return false;
    }

    @Override
    public SourceCatalog read(Connection connection, SourceDefinition definition, RelDataTypeFactory types)
            throws SQLException {
        return new DuckdbCatalog(connection, definition, types).read();
    }

    @Override
    public boolean readAsText(SourceColumn column) {
        return column.type().getSqlTypeName() == SqlTypeName.VARCHAR
                && !column.nativeType().equals("VARCHAR");
    }

    @Override
    public void beginStreaming(Connection connection, boolean oneScan) {
        // jdbc_stream_results says it for every connection.
    }

    /** A stream left half-read keeps its transaction open, and with it deleted keys, until the next statement. */
    @Override
    public void endStreaming(Connection connection) throws SQLException {
        try (Statement next = connection.createStatement()) {
            next.execute("SELECT 1");
        }
    }

    @Override
    public void stream(Statement statement, int fetchRows) throws SQLException {
        statement.setFetchSize(fetchRows);
    }

    @Override
    public ValueReader instantReader() {
        return DuckdbValues::instant;
    }

    @Override
    public ValueReader reader(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case TINYINT -> (row, index) -> row.getObject(index) instanceof Number number ? number.byteValue() : null;
            case SMALLINT -> (row, index) -> row.getObject(index) instanceof Number number ? number.shortValue() : null;
            case INTEGER -> (row, index) -> row.getObject(index) instanceof Number number ? number.intValue() : null;
            case BIGINT -> (row, index) -> row.getObject(index) instanceof Number number ? number.longValue() : null;
            case DECIMAL -> (row, index) -> decimal(row.getObject(index));
            case DATE -> (row, index) -> DuckdbValues.days(row.getObject(index));
            case TIME ->
                (row, index) ->
                        row.getObject(index) instanceof LocalTime time ? StandardValues.millisOfDay(time) : null;
            case TIMESTAMP -> (row, index) -> DuckdbValues.millis(row.getObject(index, LocalDateTime.class));
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> DuckdbValues::instantMillis;
            case ARRAY -> DuckdbValues.arrayReader(type);
            default -> StandardValues.reader(type);
        };
    }

    private static @Nullable BigDecimal decimal(@Nullable Object value) {
        return value == null ? null : value instanceof BigDecimal number ? number : new BigDecimal(value.toString());
    }

    /** Decimals of two scales are cast to one that may be too narrow for either. */
    @Override
    public boolean comparesKeys(RelDataType type) {
        return type.getSqlTypeName() != SqlTypeName.DECIMAL;
    }

    @Override
    public void bind(PreparedStatement statement, int index, @Nullable Object value, RelDataType type)
            throws SQLException {
        if (value instanceof List<?> elements && type.getComponentType() != null) {
            RelDataType element = type.getComponentType();
            statement.setObject(
                    index,
                    statement
                            .getConnection()
                            .createArrayOf(
                                    DuckdbDialect.castName(element), StandardValues.arrayElements(elements, element)));
        } else if (value != null && type.getSqlTypeName() == SqlTypeName.TIME) {
            statement.setString(
                    index,
                    LocalTime.ofNanoOfDay(((Number) value).intValue() * 1_000_000L)
                            .toString());
        } else if (value != null && type.getSqlTypeName() == SqlTypeName.DATE && ((Number) value).intValue() < 0) {
            statement.setString(index, DuckdbValues.date(LocalDate.ofEpochDay(((Number) value).intValue())));
        } else {
            StandardValues.bind(statement, index, value, type);
        }
    }

    @Override
    public boolean transactionFailed(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT 1");
            return false;
        } catch (SQLException failure) {
            if (classify(failure) == NicolError.TRANSACTION_STATE) {
                return true;
            }
            throw failure;
        }
    }

    @Override
    public @Nullable String unopened(SQLException failure) {
        String message = String.valueOf(failure.getMessage());
        if (message.contains("Could not set lock on file")) {
            Matcher holder = HOLDER.matcher(message);
            return "cannot be opened: another process" + (holder.find() ? " (" + holder.group(1) + ")" : "")
                    + " holds its file, such as a running Nicol. DuckDB lets only one";
        } else if (message.contains("Cannot open file")) {
            return "cannot be opened: its file is not there, or may not be opened by this user";
        } else if (message.contains("not a valid DuckDB database file")) {
            return "cannot be opened: its file is no DuckDB database";
        }
        return null;
    }

    @Override
    public boolean missesName(SQLException failure) {
        String message = failure.getMessage();
        return message != null && MISSING.stream().anyMatch(message::contains);
    }

    @Override
    public NicolError classify(SQLException failure) {
        String message = failure.getMessage();
        if (message == null) {
            return NicolError.SOURCE_FAILED;
        } else if (message.contains("INTERRUPT Error")) {
            return NicolError.CANCELLED;
        } else if (message.contains("Constraint Error")) {
            return NicolError.CONSTRAINT;
        } else if (message.contains("Permission Error")) {
            return NicolError.NOT_PERMITTED;
        } else if (message.contains(ABORTED)) {
            return NicolError.TRANSACTION_STATE;
        }
        return DATA_ERRORS.stream().anyMatch(message::contains) ? NicolError.DATA : NicolError.SOURCE_FAILED;
    }
}
