package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * One side of a join is read first and its keys are sent to the other side's source. Rows are those without it, whatever
 * the sources hold to be equal; what each source was sent says that it was done.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JoinKeysTest {
    private static final String USERS = """
            users:
              ana: {password: "$HASH", groups: [readers], roles: [auditor]}
              max: {password: "$HASH", groups: [masked], roles: [auditor]}
              tom: {password: "$HASH", groups: [tokens], roles: [auditor]}
            """;
    private static final String POLICIES = """
            grants:
              - {name: readers, tables: ["pg.**", "my.**"], actions: [select, insert], raw: ["*"], to: {groups: [readers]}}
              - {name: others, tables: ["pg.**", "my.**"], actions: [select], raw: ["*"], to: {groups: [masked, tokens]}}
            row_filters:
              - {name: low, tables: ["my.*.small"], where: "n < 5", to: {groups: [masked]}}
              - {name: odd, tables: ["pg.public.big"], where: "MOD(n, 2) = 1", to: {groups: [masked]}}
            column_masks:
              - {name: word, columns: ["pg.public.big.word"], to: {groups: [masked]}, mask: {kind: partial, first: 1, last: 0}}
              - {name: small-word, columns: ["my.*.small.word"], to: {groups: [masked]}, mask: {kind: partial, first: 1, last: 0}}
              - {name: id, columns: ["pg.public.big.id"], to: {groups: [masked]}, mask: {kind: bucket, size: 10}}
              - {name: token, columns: ["pg.public.big.word", "my.*.small.word"], to: {groups: [tokens]}, mask: {kind: tokenize}}
            """;

    private TestNicol nicol;
    private TestNicol few;
    private Connection ana;
    private String my;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition pg = TestDatabases.postgres("pg");
        execute(
                pg,
                "CREATE TABLE big (id BIGINT PRIMARY KEY, n INTEGER, word VARCHAR(20), amount NUMERIC(12, 2), wide NUMERIC,"
                        + " day DATE, fixed CHAR(6), loose BPCHAR, rough DOUBLE PRECISION)",
                "INSERT INTO big SELECT i, i % 1000, 'w' || i, i / 4.0, i / 4.0, DATE '2020-01-01' + i, 'f' || i, 'b' || i || '  ',"
                        + " i FROM generate_series(1, 3000) i",
                "INSERT INTO big VALUES (-1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (-2, 7, 'Straße ', 1.5, 1.500, NULL, 'x', 'x', 'NaN')",
                "ANALYZE");
        SourceDefinition shop = TestDatabases.mariadb("my");
        my = "my." + TestDatabases.schema(shop);
        execute(
                shop,
                "CREATE TABLE small (id INTEGER PRIMARY KEY, n INTEGER, word VARCHAR(20) COLLATE utf8mb4_general_ci,"
                        + " amount DECIMAL(12, 2), day DATE, fixed CHAR(6), latin VARCHAR(20) CHARACTER SET latin1)",
                "INSERT INTO small VALUES (1, 1, 'w1', 0.25, '2020-01-02', 'f1', 'w1'), (2, 2, 'W2', 0.50, '2020-01-03', 'f2', 'W2'),"
                        + " (3, 7, 'Straße ', 1.50, NULL, 'x', 'Straße '), (4, NULL, NULL, NULL, NULL, NULL, NULL),"
                        + " (5, 5, 'nobody', 123456.75, '1999-01-01', 'no', 'nobody')",
                "CREATE TABLE many (id INTEGER PRIMARY KEY, word VARCHAR(20) COLLATE utf8mb4_general_ci, n INTEGER)",
                "INSERT INTO many SELECT seq, CONCAT('W', seq), seq % 50 FROM seq_1_to_2000",
                "ANALYZE TABLE small",
                "ANALYZE TABLE many");
        nicol = TestNicol.start(List.of(pg, shop), USERS, POLICIES, "limits: {join_keys_from_rows: 100}");
        few = TestNicol.start(
                List.of(pg, shop), USERS, POLICIES, "limits: {join_keys_from_rows: 100, max_join_keys: 3}");
        ana = nicol.connect("ana");
    }

    @AfterAll
    void stop() throws SQLException {
        if (few != null) {
            ana.close();
            nicol.close();
            few.close();
        }
    }

    private static void execute(SourceDefinition source, String... statements) {
        TestDatabases.execute(source.url(), source.user(), source.password(), statements);
    }

    private List<String> rows(String sql) throws SQLException {
        return rows(ana, sql);
    }

    private List<String> rows(Connection connection, String sql) throws SQLException {
        return TestNicol.rows(connection, sql.replace("$my", my));
    }

    /** Source, rows read there, and SQL of the last statement of a connection that read sources. */
    private static List<String> sent(Connection connection) throws SQLException {
        return TestNicol.uncommented(TestNicol.rows(
                connection,
                "SELECT source, row_count, sql_sent FROM nicol.audit.source_queries WHERE statement_id ="
                        + " (SELECT MAX(statement_id) FROM nicol.audit.source_queries WHERE source IN ('pg', 'my'))"
                        + " ORDER BY source"));
    }

    /** How many rows the last statement read from a source, all its queries together; -1 where it was not asked. */
    private long read(String source) throws SQLException {
        List<String> queries =
                sent(ana).stream().filter(row -> row.startsWith(source + "|")).toList();
        return queries.isEmpty()
                ? -1
                : queries.stream()
                        .mapToLong(row -> Long.parseLong(row.split("\\|")[1]))
                        .sum();
    }

    @Test
    void onlyRowsWithAPartnerAreRead() throws SQLException {
        assertThat(rows("SELECT s.id, b.amount FROM $my.small s JOIN pg.public.big b ON b.id = s.n ORDER BY 1"))
                .containsExactly("1|0.25", "2|0.50", "3|1.75", "5|1.25");
        assertThat(read("pg")).isEqualTo(4);
        assertThat(sent(ana)).last().asString().contains("\"id\" = ANY (SELECT unnest(?))");
    }

    @Test
    void theOtherWayRoundKeysAreListed() throws SQLException {
        assertThat(rows(
                        "SELECT m.id, b.id FROM $my.many m JOIN pg.public.big b ON b.id = m.id WHERE b.id IN (17, 18, 19)"
                                + " AND b.n > 0 ORDER BY 1"))
                .containsExactly("17|17", "18|18", "19|19");
        assertThat(rows("SELECT m.id FROM $my.many m JOIN pg.public.big b ON b.amount = m.id WHERE b.word = 'w8'"))
                .containsExactly("2");
        assertThat(rows("SELECT m.id, b.n FROM $my.many m JOIN pg.public.big b ON b.n = m.n WHERE b.word = 'w7'"
                        + " AND m.id < 100 ORDER BY 1"))
                .containsExactly("7|7", "57|7");
        assertThat(read("my")).isEqualTo(2);
        assertThat(sent(ana)).first().asString().contains("`n` IN (?, ?, ?, ?, ?, ?, ?, ?)");
    }

    @Test
    void noKeyNoQuestion() throws SQLException {
        assertThat(rows("SELECT s.id FROM $my.small s JOIN pg.public.big b ON b.id = s.n WHERE s.word = 'none'"))
                .isEmpty();
        assertThat(read("pg")).isEqualTo(-1);
        assertThat(rows("SELECT s.id FROM $my.small s JOIN pg.public.big b ON b.id = s.n WHERE s.n IS NULL"))
                .isEmpty();
        assertThat(read("pg")).isEqualTo(-1);
    }

    @Test
    void outerAndAntiJoinsKeepTheirRows() throws SQLException {
        assertThat(
                        rows(
                                "SELECT s.id, b.id FROM $my.small s LEFT JOIN pg.public.big b ON b.id = s.n AND b.n > 2 ORDER BY 1"))
                .containsExactly("1|null", "2|null", "3|7", "4|null", "5|5");
        assertThat(read("pg")).isEqualTo(2);
        assertThat(rows("SELECT s.id, b.id FROM pg.public.big b RIGHT JOIN $my.small s ON b.id = s.n ORDER BY 1"))
                .containsExactly("1|1", "2|2", "3|7", "4|null", "5|5");
        assertThat(read("pg")).isEqualTo(4);
        assertThat(rows("SELECT COUNT(*), COUNT(s.id) FROM pg.public.big b LEFT JOIN $my.small s ON b.id = s.n"))
                .containsExactly("3002|4");
        assertThat(
                        rows(
                                "SELECT COUNT(*), COUNT(s.id), COUNT(b.id) FROM pg.public.big b FULL JOIN $my.small s ON b.id = s.n"))
                .containsExactly("3003|5|3002");
        assertThat(
                        rows(
                                "SELECT id FROM $my.small s WHERE EXISTS (SELECT 1 FROM pg.public.big b WHERE b.id = s.n) ORDER BY 1"))
                .containsExactly("1", "2", "3", "5");
        assertThat(rows("SELECT id FROM $my.small s WHERE NOT EXISTS (SELECT 1 FROM pg.public.big b WHERE b.id = s.n)"))
                .containsExactly("4");
        assertThat(
                        rows(
                                "SELECT id FROM $my.small WHERE n NOT IN (SELECT id FROM pg.public.big WHERE id > 2) ORDER BY 1"))
                .containsExactly("1", "2");
        assertThat(rows("SELECT COUNT(*) FROM pg.public.big WHERE id NOT IN (SELECT n FROM $my.small)"))
                .containsExactly("0");
    }

    @Test
    void texts() throws SQLException {
        // the engine compares characters; MariaDB takes W2 for w2, and does not count trailing blanks
        assertThat(rows("SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b ON b.word = s.word ORDER BY 1"))
                .containsExactly("1|1", "3|-2");
        assertThat(read("pg")).isEqualTo(2);
        assertThat(rows("SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b ON b.word = s.latin ORDER BY 1"))
                .containsExactly("1|1", "3|-2");
        assertThat(rows("SELECT m.id FROM $my.many m JOIN pg.public.big b ON b.word = m.word WHERE b.n < 10"))
                .isEmpty();
        assertThat(rows("SELECT m.id FROM $my.many m JOIN (SELECT UPPER(word) AS word FROM pg.public.big WHERE n < 4) b"
                        + " ON b.word = m.word ORDER BY 1"))
                .containsExactly("1", "2", "3", "1000", "1001", "1002", "1003", "2000");
        assertThat(rows("SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b ON b.fixed = s.fixed ORDER BY 1"))
                .containsExactly("1|1", "2|2", "3|-2");
        assertThat(
                        rows(
                                "SELECT b.id FROM (SELECT CONCAT(fixed, '  ') AS loose FROM (SELECT 'b' || CAST(id AS VARCHAR(5))"
                                        + " AS fixed FROM $my.small) x) s JOIN pg.public.big b ON b.loose = s.loose ORDER BY 1"))
                .containsExactly("1", "2", "3", "4", "5");
    }

    @Test
    void decimalsAndDates() throws SQLException {
        assertThat(rows("SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b ON b.amount = s.amount ORDER BY 1, 2"))
                .containsExactly("1|1", "2|2", "3|-2", "3|6");
        assertThat(rows("SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b ON b.wide = s.amount ORDER BY 1, 2"))
                .containsExactly("1|1", "2|2", "3|-2", "3|6");
        assertThat(rows("SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b ON b.day = s.day ORDER BY 1"))
                .containsExactly("1|1", "2|2");
        assertThat(read("pg")).isEqualTo(2);
        assertThat(
                        rows(
                                "SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b ON b.rough = s.n AND b.id > 0 ORDER BY 1"))
                .containsExactly("1|1", "2|2", "3|7", "5|5");
    }

    @Test
    void severalKeysAndGroups() throws SQLException {
        assertThat(rows("SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b ON b.id = s.n AND b.word = s.word"))
                .containsExactly("1|1");
        assertThat(read("pg")).isLessThanOrEqualTo(2);
        assertThat(rows(
                        "SELECT s.id, b.c FROM $my.small s JOIN (SELECT n, COUNT(*) AS c FROM pg.public.big GROUP BY n) b"
                                + " ON b.n = s.n ORDER BY 1"))
                .containsExactly("1|3", "2|3", "3|4", "5|3");
        assertThat(read("pg")).isEqualTo(4);
        assertThat(rows("SELECT s.id, b.id FROM $my.small s JOIN (SELECT * FROM pg.public.big ORDER BY id LIMIT 3) b"
                        + " ON b.id = s.n ORDER BY 1"))
                .containsExactly("1|1");
        assertThat(rows("SELECT s.id, b.r FROM $my.small s JOIN (SELECT id, ROW_NUMBER() OVER (ORDER BY id DESC) AS r"
                        + " FROM pg.public.big) b ON b.id = s.n ORDER BY 1"))
                .containsExactly("1|3000", "2|2999", "3|2994", "5|2996");
    }

    @Test
    void masksAreComparedAndFiltersHold() throws SQLException {
        try (Connection max = nicol.connect("max")) {
            assertThat(rows(max, "SELECT s.id, b.n FROM $my.small s JOIN pg.public.big b ON b.n = s.n ORDER BY 1, 2"))
                    .containsExactly("1|1", "1|1", "1|1");
            assertThat(sent(max)).last().asString().startsWith("pg|3|");
            // ids are buckets of ten for max, words their first letters
            assertThat(rows(
                            max,
                            "SELECT COUNT(*) FROM (SELECT id * 10 AS id FROM $my.small WHERE n < 3) s JOIN pg.public.big b"
                                    + " ON b.id = s.id"))
                    .containsExactly("10");
            assertThat(rows(max, "SELECT COUNT(*) FROM $my.small s JOIN pg.public.big b ON b.word = s.word"))
                    .containsExactly("5");
        }
        try (Connection tom = nicol.connect("tom")) {
            assertThat(rows(
                            tom,
                            "SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b ON b.word = s.word ORDER BY 1"))
                    .containsExactly("1|1", "3|-2");
            assertThat(sent(tom)).last().asString().startsWith("pg|2|");
        }
    }

    @Test
    void moreKeysThanTheBound() throws SQLException {
        try (Connection connection = few.connect("ana")) {
            assertThat(rows(
                            connection,
                            "SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b ON b.id = s.n ORDER BY 1"))
                    .containsExactly("1|1", "2|2", "3|7", "5|5");
            assertThat(sent(connection))
                    .last()
                    .asString()
                    .startsWith("pg|3002|")
                    .doesNotContain("?");
            assertThat(
                            rows(
                                    connection,
                                    "SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b ON b.id = s.n WHERE s.n > 1 ORDER BY 1"))
                    .containsExactly("2|2", "3|7", "5|5");
            assertThat(sent(connection)).last().asString().startsWith("pg|3|");
        }
    }

    @Test
    void parameters() throws SQLException {
        try (PreparedStatement statement =
                ana.prepareStatement("SELECT s.id, b.id FROM $my.small s JOIN pg.public.big b".replace("$my", my)
                        + " ON b.id = s.n AND b.amount > ? WHERE s.n < ? ORDER BY 1")) {
            statement.setBigDecimal(1, new java.math.BigDecimal("0.3"));
            for (int round = 0; round < 8; round++) {
                statement.setInt(2, 6);
                assertThat(TestNicol.rows(statement.executeQuery())).containsExactly("2|2", "5|5");
                statement.setInt(2, 2);
                assertThat(TestNicol.rows(statement.executeQuery())).isEmpty();
            }
        }
    }

    @Test
    void inATransactionToo() throws SQLException {
        try (Connection connection = nicol.connect("ana");
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.executeUpdate("INSERT INTO pg.public.big (id, n, word) VALUES (100001, 1, 'mine')");
            assertThat(rows(
                            connection,
                            "SELECT b.id, c.id FROM $my.small s JOIN pg.public.big b ON b.n = s.n JOIN pg.public.big c"
                                    + " ON c.word = b.word WHERE s.id = 1 ORDER BY 1"))
                    .containsExactly("1|1", "1001|1001", "2001|2001", "100001|100001");
            connection.rollback();
        }
    }

    @Test
    void whatWillBeSentIsExplained() throws SQLException {
        assertThat(String.join(
                        "\n", rows("EXPLAIN PLAN FOR SELECT s.id FROM $my.small s JOIN pg.public.big b ON b.id = s.n")))
                .contains("ReducedSource(source=[pg]")
                .contains("reduced=[[id in keys n0]]")
                .contains("KeptKeys(keys=[[n0]])");
    }

    @Test
    void aCancellationEndsTheSecondQuery() throws Exception {
        String slow =
                "SELECT COUNT(*) FROM $my.small s JOIN (SELECT b.id, COUNT(*) AS c FROM pg.public.big b, pg.public.big d,"
                        + " pg.public.big e WHERE b.n + d.n + e.n <> -1 GROUP BY b.id) x ON x.id = s.n";
        try (Connection connection = nicol.connect("ana")) {
            CompletableFuture<List<String>> running = CompletableFuture.supplyAsync(() -> {
                try {
                    return rows(connection, slow.replace("$my", my));
                } catch (SQLException failure) {
                    throw new IllegalStateException(failure);
                }
            });
            String id = null;
            while (id == null && !running.isDone()) {
                List<String> found = rows("SELECT statement_id FROM nicol.audit.statements WHERE outcome = 'running'"
                        + " AND sql_text LIKE 'SELECT COUNT(*) FROM %pg.public.big e%'");
                id = found.isEmpty() ? null : found.get(0);
            }
            try (Statement cancel = ana.createStatement()) {
                cancel.execute("CALL nicol.cancel('" + id + "')");
            }
            assertThatThrownBy(running::get)
                    .isInstanceOf(ExecutionException.class)
                    .rootCause()
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("57014"));
        }
    }
}
