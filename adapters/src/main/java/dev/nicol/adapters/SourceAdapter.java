package dev.nicol.adapters;

import com.zaxxer.hikari.HikariConfig;
import dev.nicol.policy.NicolError;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlDialect;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.jspecify.annotations.Nullable;

/**
 * One kind of database. Stateless; the single place that knows this kind's SQL, types, driver flags and error codes.
 * {@link SourceAdapters} lists them.
 */
public interface SourceAdapter {
    /** The word in {@code nicol.yaml}, such as {@code postgresql}. */
    String kind();

    /** Generates this kind's SQL, with every work-around it needs and the masks' own functions. */
    SqlDialect dialect();

    /** What this kind can do; the contract test checks that the declaration is true. */
    Set<Capability> capabilities();

    /**
     * Whether this kind computes {@code operator} exactly as the engine would. An allowlist: an operator nobody has
     * tried is computed here, never there.
     *
     * @param operands types of the operands; of a CAST, the operand's and then the target's
     */
    boolean computes(SqlOperator operator, List<RelDataType> operands);

    /**
     * Keeps this kind's optimizer from mixing what stands outside a sub-select with what stands inside. The default, a
     * limit that limits nothing, suits kinds whose optimizer stops at one.
     */
    default SqlSelect fence(SqlSelect filtered) {
        filtered.setOffset(SqlLiteral.createExactNumeric("0", SqlParserPos.ZERO));
        return filtered;
    }

    /** Driver properties that every connection needs: time zones, encodings, cursors, time-outs. */
    void configure(HikariConfig pool);

    /**
     * Tells a session whom it works for, in one round trip where the database can: settings that outlive autocommit, each
     * with a value, so that nothing of whoever was before stays. Called outside of transactions, or in one of the user's.
     *
     * @param before the role it was put in; null: none
     * @param role the role it is put in; null: back to the login's own. Never other than null for kinds that cannot
     *     {@link #assumesRoles()}
     */
    void tag(Connection connection, SourceIdentity identity, @Nullable String before, @Nullable String role)
            throws SQLException;

    /** Whether a session can be put in a role, and taken out of it. */
    default boolean assumesRoles() {
        return false;
    }

    /** Whether the database knows users. */
    default boolean knowsLogins() {
        return true;
    }

    /** Names a connection's owner, where it has only one, in the properties it is opened with. */
    default void describe(Properties driver, String user, String agent) {}

    /**
     * Reads the whole catalogue in a bounded number of queries, system schemas left out.
     *
     * @return available, with row counts and keys
     */
    SourceCatalog read(Connection connection, SourceDefinition definition, RelDataTypeFactory types)
            throws SQLException;

    /**
     * Whether the engine's type of a column is text while the source's is something that text functions and comparisons
     * there refuse (json, intervals, enums). Generated SQL must then read it as {@code CAST(column AS VARCHAR)}.
     */
    boolean readAsText(SourceColumn column);

    /**
     * The type that a text must be CAST to, to be written into a column; null where the source takes it as it is.
     *
     * @throws dev.nicol.policy.NicolException {@code NOT_SUPPORTED} where the source would make something else of it
     */
    default @Nullable String writtenAs(SourceColumn column) {
        return null;
    }

    /** The type of a column that keeps every value of {@code type}, for tables of Nicol's own; null where there is none. */
    default @Nullable SqlNode storageType(RelDataType type) {
        return dialect().getCastSpec(type);
    }

    /**
     * Readies a connection for rows that arrive in batches instead of all at once.
     *
     * @param oneScan whether the query reads one table, once, and nothing beside it
     */
    void beginStreaming(Connection connection, boolean oneScan) throws SQLException;

    /** Whether the source computes an answer more slowly where a cursor asks for it, on one processor for instance. */
    default boolean cursorsAreSlower() {
        return false;
    }

    /** Ends what a stream that was not read to its end leaves behind, before the connection is given back. */
    default void endStreaming(Connection connection) throws SQLException {}

    /** Sets the flags that make one statement stream; called before it is executed. */
    void stream(Statement statement, int fetchRows) throws SQLException;

    /** A reader of one result column into the engine's representation (see {@link ValueReader}). */
    ValueReader reader(RelDataType type);

    /**
     * A reader of moments with all their microseconds, as {@link java.time.Instant}: for answers that go to the client as
     * they come, where the engine would have milliseconds.
     */
    default ValueReader instantReader() {
        return (row, index) -> StandardValues.instant(row.getObject(index, OffsetDateTime.class));
    }

    /**
     * Binds a value in the engine's representation.
     *
     * @param index from 1, as JDBC counts
     * @param type what the statement says the parameter is
     */
    void bind(PreparedStatement statement, int index, @Nullable Object value, RelDataType type) throws SQLException;

    /**
     * How a column is compared with any of the keys of a join, bound as one array: stands behind it in place of {@code = ?}.
     * Null where they are listed, each a parameter.
     */
    default @Nullable String keysInArray() {
        return null;
    }

    /**
     * Whether this kind finds a column of that type equal to a key wherever the engine does. Only asked of whole numbers,
     * decimals, dates and texts of any length.
     */
    default boolean comparesKeys(RelDataType type) {
        return true;
    }

    /** Whether a column of any text type may be compared with a text; else the database might fail where the engine does not. */
    default boolean comparesKey(String text) {
        return true;
    }

    /**
     * Which of the user's codes a failure of this database is; {@code SOURCE_FAILED} when in doubt, {@code NOT_PERMITTED}
     * where the database forbids it to the login or role.
     */
    NicolError classify(SQLException failure);

    /**
     * Whether a failure of this database says that a table or column that a statement names is not there. When in doubt it
     * does not.
     */
    boolean missesName(SQLException failure);

    /**
     * Why connecting failed, where this kind has reasons of its own: as what follows the source's name, without paths, hosts or
     * users. Null where it is one that every kind has.
     */
    default @Nullable String unopened(SQLException failure) {
        return null;
    }

    /** Whether a commit would silently undo the transaction, because a statement of it has failed. */
    default boolean transactionFailed(Connection connection) throws SQLException {
        return false;
    }

    /**
     * Reads column {@code index} (from 1) of the current row; null for NULL. Values are Calcite's internal ones: String,
     * Boolean, Byte/Short/Integer/Long, {@code org.joou} unsigned types, BigDecimal, Float/Double, Integer days (DATE),
     * Integer milliseconds (TIME), Long milliseconds as if in UTC (TIMESTAMP), Long epoch milliseconds
     * (TIMESTAMP_WITH_LOCAL_TIME_ZONE), ByteString, java.util.UUID, List for arrays.
     */
    @FunctionalInterface
    interface ValueReader {
        @Nullable
        Object read(ResultSet row, int index) throws SQLException;
    }

    /** Differences between kinds that planning asks about. */
    enum Capability {
        FULL_JOIN,
        /** One whose ON is no equality of two columns that differ from row to row. */
        FULL_JOIN_ON_ANYTHING,
        /** One in a sub-query that names columns of the outer query, and a LEFT JOIN whose ON names them. */
        CORRELATED_OUTER_JOIN,
        GROUPING_SETS,
        /** An expression over a key of groups that is itself computed. */
        COMPUTED_KEYS,
        EXCEPT_ALL,
        INTERSECT_ALL,
        AGGREGATE_FILTER,
        NULLS_ORDERING,
        LATERAL,
        /** {@code (a, b) IN (SELECT ...)} that is TRUE where it should be, also where the sub-query is correlated. */
        ROW_IN,
        /** The same that is FALSE where it should be, and unknown where NULLs make it so. */
        ROW_NOT_IN,
        /** Names of the outer query in a sub-select of a sub-query's FROM. */
        OUTER_NAMES_IN_FROM,
        /** A sub-query in the ON of an outer join. */
        SUB_QUERY_IN_OUTER_JOIN,
        RECURSIVE_QUERY,
        TRANSACTIONAL_DDL,
        ARRAYS,
        TIMESTAMP_WITH_ZONE,
        UNSIGNED,
        GENERATED_KEYS
    }
}
