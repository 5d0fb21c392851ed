package dev.nicol.adapters.mysql;

import com.zaxxer.hikari.HikariConfig;
import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.SourceIdentity;
import dev.nicol.adapters.StandardValues;
import dev.nicol.adapters.dialect.CastNames;
import dev.nicol.adapters.dialect.PushableOperators;
import dev.nicol.policy.NicolError;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Date;
import java.util.EnumSet;
import java.util.GregorianCalendar;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TimeZone;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlDialect;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** MySQL and MariaDB, over MariaDB's driver. */
public final class MysqlAdapter implements SourceAdapter {
    /** How long a connection may take to come about, in milliseconds. */
    private static final String CONNECT_TIMEOUT_MS = "10000";

    /** How long the server waits for somebody to read on, in seconds. */
    private static final int UNREAD_ROWS_S = 3_600;

    private static final int QUERY_INTERRUPTED = 1317;
    private static final int STATEMENT_TIMED_OUT = 1969;
    private static final int SUBQUERY_OF_SEVERAL_ROWS = 1242;

    /** No such database, column, table. */
    private static final Set<Integer> MISSING = Set.of(1049, 1054, 1146);

    /** Access denied: to a database, table, column, routine, to what needs a privilege of its own; and to a role. */
    private static final Set<Integer> FORBIDDEN = Set.of(1044, 1142, 1143, 1227, 1370, 1959, 3530);

    /** What every connection tells of itself. */
    private static final String ATTRIBUTES = "connectionAttributes";

    private static final Set<SqlTypeName> DATETIMES =
            EnumSet.of(SqlTypeName.TIMESTAMP, SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, SqlTypeName.TIMESTAMP_TZ);

    private static final int LAST_YEAR = 9999;

    private static final DateTimeFormatter DATETIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT);

    private static final SqlDialect DIALECT = new MysqlDialect();

    @Override
    public String kind() {
        return "mysql";
    }

    @Override
    public SqlDialect dialect() {
        return DIALECT;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(
                Capability.EXCEPT_ALL,
                Capability.INTERSECT_ALL,
                Capability.ROW_IN,
                Capability.ROW_NOT_IN,
                Capability.CORRELATED_OUTER_JOIN,
                Capability.SUB_QUERY_IN_OUTER_JOIN,
                Capability.COMPUTED_KEYS,
                Capability.RECURSIVE_QUERY,
                Capability.UNSIGNED,
                Capability.GENERATED_KEYS);
    }

    @Override
    public boolean computes(SqlOperator operator, List<RelDataType> operands) {
        SqlKind kind = operator.getKind();
        // Division by zero is NULL here and an error with us.
        if (kind == SqlKind.DIVIDE || kind == SqlKind.MOD) {
            return false;
        } else if (kind == SqlKind.LAG || kind == SqlKind.LEAD) {
            // MariaDB takes no default value.
            return operands.size() <= 2;
        } else if (kind == SqlKind.CAST && operands.size() == 2) {
            SqlTypeName target = operands.get(1).getSqlTypeName();
            // A number too large for the target is cut to fit, silently.
            return target != SqlTypeName.REAL
                    && !narrows(operands.get(0), operands.get(1))
                    && PushableOperators.common(operator, operands);
        }
        return PushableOperators.common(operator, operands);
    }

    private static boolean narrows(RelDataType from, RelDataType to) {
        if (to.getSqlTypeName() == SqlTypeName.DECIMAL && from.getSqlTypeName() == SqlTypeName.DECIMAL) {
            return to.getPrecision() - to.getScale() < from.getPrecision() - from.getScale();
        } else if (to.getSqlTypeName() == SqlTypeName.DECIMAL) {
            return to.getPrecision() - to.getScale() < from.getPrecision();
        } else if (PushableOperators.isInteger(to)) {
            return !PushableOperators.isInteger(from) || to.getPrecision() < from.getPrecision();
        }
        // CHAR(n) is padded elsewhere.
        return to.getSqlTypeName() == SqlTypeName.CHAR;
    }

    @Override
    public void configure(HikariConfig pool) {
        pool.addDataSourceProperty("connectTimeout", CONNECT_TIMEOUT_MS);
        pool.addDataSourceProperty("tcpKeepAlive", "true");
        pool.addDataSourceProperty("allowMultiQueries", "false");
        pool.addDataSourceProperty("allowLocalInfile", "false");
        pool.addDataSourceProperty("dumpQueriesOnException", "false");
        // Parameters travel apart from the statement, and floats arrive whole.
        pool.addDataSourceProperty("useServerPrepStmts", "true");
        pool.addDataSourceProperty("tinyInt1isBit", "true");
        pool.addDataSourceProperty("yearIsDateType", "false");
        pool.addDataSourceProperty("connectionTimeZone", "UTC");
        pool.addDataSourceProperty("preserveInstants", "true");
        pool.addDataSourceProperty("forceConnectionTimeZoneToSession", "true");
        pool.addDataSourceProperty(ATTRIBUTES, "program_name:nicol");
        // Sixteen digits more for AVG, as decimals have them elsewhere. Rows may wait until others are read.
        pool.setConnectionInitSql("SET SESSION time_zone = '+00:00', SESSION div_precision_increment = 16,"
                + " SESSION net_write_timeout = " + UNREAD_ROWS_S + ","
                + " SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'");
    }

    @Override
    public void describe(Properties driver, String user, String agent) {
        driver.merge(
                ATTRIBUTES,
                ",nicol_user:" + SourceIdentity.encoded(user)
                        + (agent.isEmpty() ? "" : ",nicol_agent:" + SourceIdentity.encoded(agent)),
                (before, more) -> before.toString() + more);
    }

    @Override
    public void tag(Connection connection, SourceIdentity identity, @Nullable String before, @Nullable String role)
            throws SQLException {
        if (!Objects.equals(before, role)) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(
                        "SET ROLE " + (role == null ? defaultRole(statement) : DIALECT.quoteIdentifier(role)));
            }
        }
        try (PreparedStatement tag = connection.prepareStatement(
                "SET @nicol_user = ?, @nicol_agent = ?, @nicol_purpose = ?, @nicol_connection = ?")) {
            tag.setString(1, identity.user());
            tag.setString(2, identity.agent());
            tag.setString(3, identity.purpose());
            tag.setString(4, identity.connectionId());
            tag.execute();
        }
    }

    /** The role a session begins in, as SET ROLE takes it; MariaDB, other than MySQL, has no word for it. */
    private static String defaultRole(Statement statement) throws SQLException {
        if (!statement.getConnection().getMetaData().getDatabaseProductName().equals("MariaDB")) {
            return "DEFAULT";
        }
        try (ResultSet role = statement.executeQuery(
                "SELECT role_name FROM information_schema.applicable_roles WHERE is_default = 'YES'")) {
            return role.next() ? DIALECT.quoteIdentifier(role.getString(1)) : "NONE";
        }
    }

    @Override
    public boolean assumesRoles() {
        return true;
    }

    @Override
    public SourceCatalog read(Connection connection, SourceDefinition definition, RelDataTypeFactory types)
            throws SQLException {
        return new MysqlCatalog(connection, definition, types).read();
    }

    @Override
    public boolean readAsText(SourceColumn column) {
        return column.nativeType().startsWith("enum") || column.nativeType().startsWith("inet");
    }

    @Override
    public void beginStreaming(Connection connection, boolean oneScan) {
        // Rows stream on any connection; the fetch size alone decides.
    }

    @Override
    public @Nullable SqlNode storageType(RelDataType type) {
        String name = MysqlDialect.storageName(type);
        return name == null ? null : CastNames.spec(name, type);
    }

    @Override
    public void stream(Statement statement, int fetchRows) throws SQLException {
        statement.setFetchSize(fetchRows);
    }

    @Override
    public ValueReader reader(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case TIMESTAMP, TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> timestampReader();
            case TIME -> (row, index) -> timeOfDay(row.getString(index));
            case UUID -> (row, index) -> StandardValues.uuid(row.getString(index));
            default -> StandardValues.reader(type);
        };
    }

    /** A TIME there may be negative, or of more than a day: the driver would make another time of day of it. */
    private static @Nullable Object timeOfDay(@Nullable String text) throws SQLException {
        try {
            return text == null ? null : StandardValues.millisOfDay(LocalTime.parse(text));
        } catch (DateTimeParseException beyond) {
            throw new SQLDataException("a TIME that is no time of day", beyond);
        }
    }

    /**
     * By a calendar of our own: whatever else the driver offers goes through the zone of this JVM. The session's zone is
     * UTC, so that both kinds of timestamp are read alike. MySQL's zero date, which is no date, reads as NULL.
     */
    private static ValueReader timestampReader() {
        ValueReader moments = moments();
        return (row, index) -> moments.read(row, index) instanceof Instant instant ? instant.toEpochMilli() : null;
    }

    @Override
    public ValueReader instantReader() {
        return moments();
    }

    private static ValueReader moments() {
        GregorianCalendar utc = new GregorianCalendar(TimeZone.getTimeZone("UTC"), Locale.ROOT);
        // Without the Julian days before 1582.
        utc.setGregorianChange(new Date(Long.MIN_VALUE));
        return (row, index) -> {
            Timestamp timestamp = row.getTimestamp(index, utc);
            return timestamp == null ? null : timestamp.toInstant();
        };
    }

    @Override
    public void bind(PreparedStatement statement, int index, @Nullable Object value, RelDataType type)
            throws SQLException {
        if (value != null && type.getSqlTypeName() == SqlTypeName.UUID) {
            statement.setString(index, value.toString());
        } else if (value != null && DATETIMES.contains(type.getSqlTypeName())) {
            LocalDateTime moment = LocalDateTime.ofInstant(StandardValues.moment(value), ZoneOffset.UTC);
            refuseYear(moment.getYear());
            statement.setString(index, moment.format(DATETIME));
        } else {
            if (value instanceof Number days && type.getSqlTypeName() == SqlTypeName.DATE) {
                refuseYear(LocalDate.ofEpochDay(days.longValue()).getYear());
            }
            StandardValues.bind(statement, index, value, type);
        }
    }

    /** Years that it does not have would be written as others, or as no date, without a word. */
    private static void refuseYear(int year) throws SQLDataException {
        if (year < 1 || year > LAST_YEAR) {
            throw new SQLDataException("MySQL has no such year");
        }
    }

    /** A column has a character set, and a list of texts must have all its characters there: a mix of collations otherwise. */
    @Override
    public boolean comparesKey(String text) {
        return text.chars().allMatch(c -> c < 128);
    }

    @Override
    public boolean missesName(SQLException failure) {
        return MISSING.contains(failure.getErrorCode());
    }

    @Override
    public NicolError classify(SQLException failure) {
        int code = failure.getErrorCode();
        String state = failure.getSQLState();
        if (code == QUERY_INTERRUPTED || code == STATEMENT_TIMED_OUT || failure instanceof SQLTimeoutException) {
            return NicolError.CANCELLED;
        } else if (failure instanceof SQLDataException) {
            // The driver's own word for a number that does not fit its column's type, without a state.
            return NicolError.DATA;
        } else if (FORBIDDEN.contains(code)) {
            return NicolError.NOT_PERMITTED;
        } else if (state == null) {
            return NicolError.SOURCE_FAILED;
        } else if (state.startsWith("22") || code == SUBQUERY_OF_SEVERAL_ROWS) {
            return NicolError.DATA;
        } else if (state.startsWith("23")) {
            return NicolError.CONSTRAINT;
        }
        return NicolError.SOURCE_FAILED;
    }
}
