package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Rows are read ahead of their use: all arrive, in order and once, and nothing stays behind of what nobody wants any more. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReadAheadTest {
    /** More than a source's connections. */
    private static final int ABANDONED = 20;

    private TestNicol nicol;
    private String my;

    @BeforeAll
    void start() {
        SourceDefinition pg = TestDatabases.postgres("pg");
        TestDatabases.execute(
                pg.url(),
                pg.user(),
                pg.password(),
                "CREATE TABLE many (i INTEGER PRIMARY KEY, text VARCHAR(200))",
                "INSERT INTO many SELECT i, repeat('x', 200) FROM generate_series(1, 20000) i");
        SourceDefinition shop = TestDatabases.mariadb("my");
        my = "my." + TestDatabases.schema(shop);
        TestDatabases.execute(
                shop.url(),
                shop.user(),
                shop.password(),
                "CREATE TABLE many (i INTEGER PRIMARY KEY, text VARCHAR(200))",
                "INSERT INTO many SELECT seq, REPEAT('x', 200) FROM seq_1_to_20000");
        nicol = TestNicol.start(List.of(pg, shop), """
                users:
                  ana: {password: "$HASH", groups: [readers]}
                """, """
                grants:
                  - {name: all, tables: ["pg.**", "my.**"], actions: [select, insert], raw: ["*"], to: {groups: [readers]}}
                """);
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private List<String> tables() {
        return List.of("pg.public.many", my + ".many");
    }

    @Test
    void everyRowComesOnceAndInOrder() throws SQLException {
        try (Connection connection = nicol.connect("ana")) {
            for (String table : tables()) {
                try (Statement statement = connection.createStatement();
                        ResultSet rows = statement.executeQuery("SELECT i, text FROM " + table + " ORDER BY i")) {
                    int expected = 0;
                    while (rows.next()) {
                        assertThat(rows.getInt(1)).isEqualTo(++expected);
                    }
                    assertThat(expected).isEqualTo(20_000);
                }
            }
            assertThat(TestNicol.rows(
                            connection,
                            "SELECT COUNT(*) FROM pg.public.many p LEFT JOIN " + my + ".many m ON m.i = p.i - 1"))
                    .containsExactly("20000");
        }
    }

    @Test
    void whatIsAbandonedIsGivenBack() throws SQLException {
        try (Connection connection = nicol.connect("ana")) {
            for (int i = 0; i < ABANDONED; i++) {
                for (String table : tables()) {
                    try (Statement statement = connection.createStatement();
                            ResultSet rows = statement.executeQuery("SELECT * FROM " + table)) {
                        assertThat(rows.next()).isTrue();
                    }
                }
            }
            assertThat(TestNicol.rows(connection, "SELECT COUNT(*) FROM pg.public.many"))
                    .containsExactly("20000");
        }
    }

    @Test
    void rowsBeforeAFailureComeFirst() throws SQLException {
        try (Connection connection = nicol.connect("ana");
                Statement statement = connection.createStatement()) {
            assertThatThrownBy(() -> {
                        try (ResultSet rows =
                                statement.executeQuery("SELECT i, 100 / (15000 - i), text FROM pg.public.many")) {
                            int read = 0;
                            while (rows.next()) {
                                read++;
                                assertThat(read).isLessThan(15_000);
                            }
                        }
                    })
                    // the client's own kind of exception, where a later frame fails
                    .satisfies(failure -> assertThat(failure.toString()).contains("22000"));
            assertThat(TestNicol.rows(connection, "SELECT MIN(i) FROM pg.public.many"))
                    .containsExactly("1");
        }
    }

    /** Of two queries on the one connection of a transaction, each gets its own rows. */
    @Test
    void inATransactionQueriesTakeTurns() throws SQLException {
        try (Connection connection = nicol.connect("ana");
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.executeUpdate("INSERT INTO pg.public.many VALUES (20001, 'new')");
            assertThat(TestNicol.rows(
                            connection,
                            "SELECT COUNT(*), MAX(p.i), SUM(q.i - p.i) FROM pg.public.many p JOIN " + my
                                    + ".many m ON m.i = p.i JOIN pg.public.many q ON q.i = m.i + 1"))
                    .containsExactly("20000|20000|20000");
            connection.rollback();
            connection.setAutoCommit(true);
            assertThat(TestNicol.rows(connection, "SELECT COUNT(*) FROM pg.public.many"))
                    .containsExactly("20000");
        }
    }
}
