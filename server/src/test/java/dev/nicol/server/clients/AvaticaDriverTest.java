package dev.nicol.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The stock driver over a real database: what its recipe says that works, and what it says that does not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class AvaticaDriverTest {
    private ClientsFixture clients;

    @BeforeAll
    void start() {
        clients = new ClientsFixture();
    }

    @AfterAll
    void stop() {
        clients.close();
    }

    private Connection connect(String format) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("default_schema", "crm.public");
        return DriverManager.getConnection(clients.url(format), properties);
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void theDefaultSchemaIsAPropertyOrSet(String format) throws SQLException {
        try (Connection connection = connect(format)) {
            assertThat(TestNicol.rows(connection, "SELECT COUNT(*) FROM customers"))
                    .containsExactly("100");
            assertThat(connection.getCatalog() + "." + connection.getSchema()).isEqualTo("crm.public");
            connection.setSchema("odd");
            assertThat(TestNicol.rows(connection, "SELECT COUNT(*) FROM \"Mixed Case\""))
                    .containsExactly("0");
            // a name of two parts is of the catalog
            assertThat(TestNicol.rows(
                            connection,
                            "SELECT public.customers.id, c.name FROM public.customers JOIN crm.public.customers c"
                                    + " ON c.id = public.customers.id WHERE public.customers.id = 2"))
                    .containsExactly("2|c2");
            assertThat(TestNicol.rows(
                            connection,
                            "SELECT COUNT(*) FROM nicol.information_schema.tables WHERE table_catalog = 'crm'"))
                    .containsExactly("5");
            update(connection, "UPDATE public.orders SET amount = amount WHERE id IN (SELECT id FROM public.orders)");
            connection.setCatalog("nowhere");
            assertThatThrownBy(() -> TestNicol.rows(connection, "SELECT COUNT(*) FROM customers"))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("42P01"));
        }
    }

    private static void update(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void resultsAreReadInTurnsAndLeftHalfRead(String format) throws SQLException {
        try (Connection connection = connect(format);
                Statement up = connection.createStatement();
                Statement down = connection.createStatement()) {
            ResultSet rising = up.executeQuery("SELECT id FROM orders ORDER BY id");
            ResultSet falling = down.executeQuery("SELECT id FROM orders ORDER BY id DESC");
            for (int i = 1; i <= 15_000; i++) {
                assertThat(rising.next() && falling.next()).isTrue();
                assertThat(rising.getInt(1)).isEqualTo(i);
                assertThat(falling.getInt(1)).isEqualTo(20_001 - i);
            }
            // more often than the source has connections
            for (int i = 0; i < 20; i++) {
                try (Statement statement = connection.createStatement();
                        ResultSet rows = statement.executeQuery("SELECT * FROM orders, customers")) {
                    assertThat(rows.next()).isTrue();
                }
            }
            assertThat(falling.next()).isTrue();
            assertThat(falling.getInt(1)).isEqualTo(5_000);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void maxRowsBoundsStatementsAndNotWhatIsPrepared(String format) throws SQLException {
        try (Connection connection = connect(format);
                Statement statement = connection.createStatement();
                PreparedStatement prepared = connection.prepareStatement("SELECT id FROM customers")) {
            statement.setMaxRows(7);
            statement.setFetchSize(2);
            assertThat(TestNicol.rows(statement.executeQuery("SELECT id FROM customers")))
                    .hasSize(7);
            // the driver sends the bound when it prepares, and no other
            prepared.setMaxRows(7);
            assertThat(TestNicol.rows(prepared.executeQuery())).hasSize(100);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void whatTheDriverItselfDoesNotHave(String format) throws SQLException {
        try (Connection connection = connect(format);
                Statement statement = connection.createStatement();
                PreparedStatement prepared = connection.prepareStatement("SELECT id FROM customers WHERE born = ?");
                ResultSet rows = statement.executeQuery("SELECT born, name FROM customers WHERE id = 1")) {
            assertThat(rows.next()).isTrue();
            assertThatThrownBy(() -> rows.getObject(1, LocalDate.class)).isInstanceOf(SQLException.class);
            assertThat(rows.getDate(1).toLocalDate()).isEqualTo(LocalDate.of(2000, 1, 2));
            assertThatThrownBy(() -> rows.getCharacterStream(2)).isInstanceOf(SQLException.class);
            assertThatThrownBy(() -> rows.getClob(2)).isInstanceOf(SQLException.class);

            prepared.setObject(1, LocalDate.of(2000, 1, 2));
            assertThatThrownBy(prepared::executeQuery).isInstanceOf(SQLException.class);
            prepared.setString(1, "2000-01-02");
            assertThat(TestNicol.rows(prepared.executeQuery())).containsExactly("1");

            assertThatThrownBy(() -> statement.executeUpdate(
                            "INSERT INTO orders (id) VALUES (-1)", Statement.RETURN_GENERATED_KEYS))
                    .isInstanceOf(SQLFeatureNotSupportedException.class);
            assertThatThrownBy(() -> connection.prepareStatement("INSERT INTO orders (id) VALUES (-1)", 1))
                    .isInstanceOf(SQLFeatureNotSupportedException.class);
            assertThatThrownBy(connection::setSavepoint).isInstanceOf(SQLFeatureNotSupportedException.class);
            assertThatThrownBy(() -> connection.prepareCall("CALL nicol.cancel('x')"))
                    .isInstanceOf(SQLFeatureNotSupportedException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void arraysAndLabels(String format) throws SQLException {
        try (Connection connection = connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery("SELECT tags, id AS \"MyId\", id, id FROM customers WHERE id = 3")) {
            assertThat(rows.next()).isTrue();
            assertThat((Object[]) rows.getArray(1).getArray()).containsExactly("a", null, "b,c");
            // the driver names no columns in there: index and value
            try (ResultSet elements = rows.getArray(1).getResultSet()) {
                assertThat(elements.next()).isTrue();
                assertThat(elements.getInt(1)).isEqualTo(1);
                assertThat(elements.getString(2)).isEqualTo("a");
            }
            assertThat(rows.getInt("MYID")).isEqualTo(3);
            assertThat(rows.getMetaData().getColumnLabel(2)).isEqualTo("MyId");
            assertThat(rows.getMetaData().getColumnLabel(3)).isEqualTo("id");
            assertThat(rows.getMetaData().getColumnLabel(4)).isEqualTo("id");
        }
    }

    /** All are shown; to name one is ambiguous. */
    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void columnsOfOneName(String format) throws SQLException {
        try (Connection connection = connect(format)) {
            for (String sql : List.of(
                    "SELECT id, id FROM customers WHERE id = 3",
                    "SELECT c.id, o.id FROM customers c JOIN orders o ON o.id = c.id WHERE c.id = 3")) {
                try (Statement statement = connection.createStatement();
                        ResultSet rows = statement.executeQuery(sql)) {
                    List<String> labels = new ArrayList<>();
                    for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                        labels.add(rows.getMetaData().getColumnLabel(i));
                    }
                    assertThat(labels).as(sql).containsExactly("id", "id");
                    assertThat(TestNicol.rows(rows)).as(sql).containsExactly("3|3");
                }
            }
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(
                            "SELECT * FROM (SELECT id FROM customers) a JOIN (SELECT id FROM orders) b ON a.id = b.id"
                                    + " WHERE a.id = 3")) {
                assertThat(TestNicol.rows(rows)).containsExactly("3|3");
                assertThat(rows.findColumn("id0")).isEqualTo(2);
            }
            for (String sql : List.of(
                    "SELECT * FROM (SELECT id, id FROM customers) AS t WHERE id = 3",
                    "WITH t AS (SELECT id, id FROM customers) SELECT t.id FROM t")) {
                assertThatThrownBy(() -> TestNicol.rows(connection, sql))
                        .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                                .isEqualTo("42702"))
                        .hasMessageContaining("Column `id` is ambiguous");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void namesThatAreHardToAskFor(String format) throws SQLException {
        try (Connection connection = connect(format)) {
            DatabaseMetaData metadata = connection.getMetaData();
            assertThat(columns(metadata, "%"))
                    .containsExactly("A \"b\"", "dot.ted", "naïve", "per%cent", "under_score", "underXscore");
            assertThat(columns(metadata, "under_score")).containsExactly("under_score", "underXscore");
            assertThat(columns(metadata, "under\\_score")).containsExactly("under_score");
            assertThat(columns(metadata, "per\\%%")).containsExactly("per%cent");
            assertThat(columns(metadata, "A \"%")).containsExactly("A \"b\"");
            assertThat(columns(metadata, "NAÏVE")).containsExactly("naïve");
            assertThat(columns(metadata, "dot_ted")).containsExactly("dot.ted");
            assertThat(TestNicol.rows(connection, "SELECT \"A \"\"b\"\"\" + \"dot.ted\" FROM crm.odd.\"Mixed Case\""))
                    .isEmpty();
        }
    }

    private static Iterable<String> columns(DatabaseMetaData metadata, String pattern) throws SQLException {
        return ClientsFixture.column(metadata.getColumns("crm", "odd", "Mixed Case", pattern), "COLUMN_NAME");
    }

    @ParameterizedTest
    @ValueSource(strings = "json")
    void overJsonItIsRefusedWithTheWayOut(String format) throws SQLException {
        try (Connection connection = connect(format);
                Statement statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.executeQuery("SELECT body FROM large"))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("0A000"))
                    .hasMessageContaining("serialization=protobuf");
            assertThat(TestNicol.rows(connection, "SELECT 1")).containsExactly("1");
        }
    }
}
