package dev.nicol.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.nicol.server.testing.TestNicol;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HikariCP and jOOQ over the stock driver, and migration tools, which have no business here. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class PoolsAndMappersTest {
    private ClientsFixture clients;

    @BeforeAll
    void start() {
        clients = new ClientsFixture();
    }

    @AfterAll
    void stop() {
        clients.close();
    }

    private HikariConfig pool(String format) {
        HikariConfig pool = new HikariConfig();
        pool.setJdbcUrl(clients.url(format));
        pool.setMaximumPoolSize(1);
        return pool;
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void aPooledConnectionComesBackAsItWasConfigured(String format) throws SQLException {
        HikariConfig config = pool(format);
        config.setCatalog("crm");
        config.setSchema("public");
        config.setReadOnly(true);
        config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        try (HikariDataSource pool = new HikariDataSource(config)) {
            try (Connection connection = pool.getConnection()) {
                assertThat(connection.isValid(1)).isTrue();
                assertThat(connection.isReadOnly()).isTrue();
                assertThat(TestNicol.rows(connection, "SELECT COUNT(*) FROM customers"))
                        .containsExactly("100");
                connection.setReadOnly(false);
                connection.setAutoCommit(false);
                connection.setSchema("odd");
                update(connection, "DELETE FROM crm.public.orders WHERE id = 1");
            }
            try (Connection connection = pool.getConnection()) {
                assertThat(connection.isReadOnly()).isTrue();
                assertThat(connection.getAutoCommit()).isTrue();
                assertThat(connection.getSchema()).isEqualTo("public");
                // what was not committed is rolled back
                assertThat(TestNicol.rows(connection, "SELECT COUNT(*) FROM orders WHERE id = 1"))
                        .containsExactly("1");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void whatSaysThatItOnlyReadsWritesNothing(String format) throws SQLException {
        HikariConfig config = pool(format);
        config.setReadOnly(true);
        config.setConnectionTestQuery("SELECT 1");
        config.setConnectionInitSql("SET schema = 'crm.public'");
        try (HikariDataSource pool = new HikariDataSource(config);
                Connection connection = pool.getConnection()) {
            for (String write : List.of(
                    "DELETE FROM orders", "INSERT INTO orders (id) VALUES (-1)", "UPDATE orders SET amount = 0")) {
                assertThatThrownBy(() -> update(connection, write)).satisfies(PoolsAndMappersTest::isReadOnly);
                // known from now on, and refused again
                assertThatThrownBy(() -> update(connection, write)).satisfies(PoolsAndMappersTest::isReadOnly);
            }
            assertThatThrownBy(() -> update(connection, "CREATE TABLE crm.public.more (id INTEGER)"))
                    .isInstanceOf(SQLException.class);
            try (Statement batch = connection.createStatement()) {
                batch.addBatch("DELETE FROM orders");
                assertThatThrownBy(batch::executeBatch).hasMessageContaining("only reads");
            }
            assertThat(TestNicol.rows(connection, "SELECT COUNT(*), SUM(amount) FROM orders"))
                    .containsExactly("20000|200010000.00");
        }
    }

    private static void isReadOnly(Throwable failure) {
        assertThat(failure).hasMessageContaining("only reads");
        assertThat(((SQLException) failure).getSQLState()).isEqualTo("25000");
    }

    private static void update(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    /** The driver throws it as no SQLException, when the connection is first used. */
    @Test
    void strongerIsolationIsRefused() {
        HikariConfig config = pool("json");
        config.setTransactionIsolation("TRANSACTION_SERIALIZABLE");
        config.setInitializationFailTimeout(-1);
        config.setConnectionTimeout(250);
        try (HikariDataSource pool = new HikariDataSource(config)) {
            assertThatThrownBy(() -> {
                        try (Connection connection = pool.getConnection()) {
                            update(connection, "SELECT 1");
                        }
                    })
                    .hasStackTraceContaining("The transaction isolation `8` is not supported.");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"DEFAULT", "POSTGRES"})
    void jooq(String dialect) throws SQLException {
        Field<Integer> id = DSL.field(DSL.name("id"), Integer.class);
        Field<LocalDate> born = DSL.field(DSL.name("born"), LocalDate.class);
        Field<LocalDateTime> seen = DSL.field(DSL.name("seen"), LocalDateTime.class);
        Field<BigDecimal> credit = DSL.field(DSL.name("credit"), BigDecimal.class);
        try (Connection connection = DriverManager.getConnection(clients.url("protobuf"))) {
            DSLContext jooq = DSL.using(connection, SQLDialect.valueOf(dialect));
            assertThat(jooq.select(id, born, seen, credit)
                            .from(DSL.table(DSL.name("crm", "public", "customers")))
                            .where(id.le(3).and(born.gt(LocalDate.of(2000, 1, 2))))
                            .orderBy(id)
                            .limit(1)
                            .fetchOne()
                            .intoList())
                    .containsExactly(
                            2,
                            LocalDate.of(2000, 1, 3),
                            LocalDateTime.parse("2026-03-29T02:30:00.123"),
                            new BigDecimal("3.0000"));
        }
    }

    @Test
    void flywayFindsNothingItKnows() {
        assertThatThrownBy(() -> Flyway.configure()
                        .dataSource(clients.url("json"), "sam", TestNicol.PASSWORD)
                        .load()
                        .migrate())
                .hasMessageContaining("No Flyway database plugin found to handle jdbc:avatica:");
    }

    /** As Liquibase begins, without its own type of column. */
    @Test
    void liquibaseMayNotMakeItsTable() throws SQLException {
        try (Connection connection = DriverManager.getConnection(clients.url("json"))) {
            connection.setCatalog("crm");
            connection.setSchema("public");
            assertThatThrownBy(() -> update(
                            connection,
                            "CREATE TABLE DATABASECHANGELOGLOCK (ID INT NOT NULL, LOCKED BOOLEAN NOT NULL)"))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("42501"));
        }
    }
}
