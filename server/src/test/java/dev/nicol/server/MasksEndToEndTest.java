package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of mask on every kind of source: the same values everywhere, whoever computes them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MasksEndToEndTest {
    private static final String USERS = """
            users:
              kim: {password: "$HASH", groups: [kinds]}
              tom: {password: "$HASH", groups: [tokens]}
              cleo: {password: "$HASH", groups: [customs], attributes: {region: EU}}
              fred: {password: "$HASH", groups: [texts]}
              fay: {password: "$HASH", groups: [texts, filtered]}
              eve: {password: "$HASH", groups: [failing]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICY = """
            grants:
              - {name: all, tables: ["*.*.people", "*.*.accounts", "*.*.padded"], actions: [select, update, delete], to: {groups: [kinds, tokens, customs, texts, failing]}}
            row_filters:
              - {name: even, tables: ["*.*.people"], where: "id <> 2", to: {groups: [customs, filtered]}}
            column_masks:
              - {name: c-text, columns: ["*.*.people.name"], to: {groups: [kinds]}, mask: {kind: constant, value: "it's \\\\ 😀"}}
              - {name: c-small, columns: ["*.*.people.small"], to: {groups: [kinds]}, mask: {kind: bucket, size: 10}}
              - {name: c-int, columns: ["*.*.people.n"], to: {groups: [kinds]}, mask: {kind: bucket, size: 1000}}
              - {name: c-big, columns: ["*.*.people.big"], to: {groups: [kinds]}, mask: {kind: bucket, size: 1000000}}
              - {name: c-price, columns: ["*.*.people.price"], to: {groups: [kinds]}, mask: {kind: bucket, size: 0.5}}
              - {name: c-ratio, columns: ["*.*.people.ratio"], to: {groups: [kinds]}, mask: {kind: bucket, size: 2.5}}
              - {name: c-born, columns: ["*.*.people.born"], to: {groups: [kinds]}, mask: {kind: date_part, part: quarter}}
              - {name: c-seen, columns: ["*.*.people.seen"], to: {groups: [kinds]}, mask: {kind: date_part, part: month}}
              - {name: c-note, columns: ["*.*.people.note"], to: {groups: [kinds]}, mask: {kind: redact, with: "-"}}
              - {name: t-name, columns: ["*.*.people.name"], to: {groups: [tokens]}, mask: {kind: tokenize}}
              - {name: t-note, columns: ["*.*.people.note"], to: {groups: [tokens]}, mask: {kind: tokenize, length: 32}}
              - {name: t-int, columns: ["*.*.people.n"], to: {groups: [tokens]}, mask: {kind: tokenize}}
              - {name: t-big, columns: ["*.*.people.big"], to: {groups: [tokens]}, mask: {kind: tokenize}}
              - {name: t-acc, columns: ["*.*.accounts.owner"], to: {groups: [tokens]}, mask: {kind: tokenize}}
              - {name: u-name, columns: ["*.*.people.name"], to: {groups: [customs]}, mask: {kind: custom, sql: "CASE WHEN IN_GROUP('kinds') THEN name ELSE LOWER(name) || '/' || ATTRIBUTE('region') END"}}
              - {name: u-int, columns: ["*.*.people.n"], to: {groups: [customs]}, mask: {kind: custom, sql: "100 / (id - 2)"}}
              - {name: u-price, columns: ["*.*.people.price"], to: {groups: [customs]}, mask: {kind: custom, sql: "CASE WHEN small > 0 THEN price ELSE 0 END"}}
              - {name: e-name, columns: ["*.*.people.name"], to: {groups: [failing]}, mask: {kind: custom, sql: "CAST(CAST(note AS INTEGER) AS VARCHAR)"}}
              - {name: e-id, columns: ["*.*.people.id"], to: {groups: [failing]}, mask: {kind: custom, sql: "-id"}}
              - {name: x-note, columns: ["*.*.people.note"], to: {groups: [texts]}, mask: {kind: redact_text}}
              - {name: p-code, columns: ["*.*.padded.code"], mask: {kind: tokenize}}
              - {name: p-shown, columns: ["*.*.padded.shown"], mask: {kind: partial, first: 0, last: 1}}
              - {name: p-text, columns: ["*.*.padded.text"], mask: {kind: redact_text}}
              - {name: p-plain, columns: ["*.*.padded.plain"], mask: {kind: tokenize}}
              - {name: x-name, columns: ["*.*.people.name"], to: {groups: [texts]}, mask: {kind: partial, first: 1, last: 0}}
            """;

    private final Map<String, SourceDefinition> sources = Map.of(
            "pg", TestDatabases.postgres("pg"),
            "my", TestDatabases.mariadb("my"),
            "h2", TestDatabases.h2("h2"),
            "duck", TestDatabases.duckdb("duck"));
    private TestNicol nicol;

    @BeforeAll
    void start() {
        sources.values().forEach(MasksEndToEndTest::fill);
        nicol = TestNicol.start(List.copyOf(sources.values()), USERS, POLICY);
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    private static void fill(SourceDefinition definition) {
        String timestamp =
                switch (definition.kind()) {
                    case "mysql" -> "DATETIME(6)";
                    case "duckdb" -> "TIMESTAMP";
                    default -> "TIMESTAMP(6)";
                };
        try (Source source = new Source(definition);
                Connection connection = source.connection();
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "CREATE TABLE people (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), note VARCHAR(200),"
                            + " small SMALLINT, n INTEGER, big BIGINT, price DECIMAL(10, 2), ratio DOUBLE PRECISION, born DATE,"
                            + " seen " + timestamp + ")");
            statement.execute("CREATE TABLE accounts (owner "
                    + (definition.kind().equals("postgresql") ? "INTEGER" : "BIGINT") + ", amount INTEGER)");
            statement.execute(
                    "INSERT INTO people VALUES (1, 'Ann', 'write to ann@example.com, card 4111 1111 1111 1111',"
                            + " 17, 1234, 5000000000, 12.75, 7.5, DATE '1969-05-17', TIMESTAMP '1969-12-31 23:59:59.123456')");
            statement.execute("INSERT INTO people VALUES (2, 'Bob', 'nothing here', -17, 7, 7, -0.25, -0.5,"
                    + " DATE '2024-02-29', TIMESTAMP '2024-02-29 00:00:00')");
            statement.execute("INSERT INTO people VALUES (3, '😀é日本👍', '', -32768, -2147483648, -9223372036854775808,"
                    + " -99999999.99, 1e300, DATE '0900-11-30', TIMESTAMP '1500-03-01 12:00:00')");
            statement.execute("INSERT INTO people VALUES (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
            statement.execute(
                    "CREATE TABLE padded (id INTEGER, code CHAR(8), shown CHAR(8), text VARCHAR(40), plain VARCHAR(8))");
            statement.execute("INSERT INTO padded VALUES (1, 'abc', 'abc', 'x', 'abc'), (2, 'abcdefgh', '', 'y', '')");
            statement.execute("INSERT INTO accounts VALUES (7, 70), (1234, 12), (99, 0)");
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private String table(String source, String name) {
        String schema =
                switch (source) {
                    case "pg" -> "public";
                    case "h2" -> "PUBLIC";
                    case "duck" -> "main";
                    default -> sources.get("my").url().replaceAll(".*/([a-z0-9_]+).*", "$1");
                };
        return source + "." + schema + "." + name;
    }

    /** The blanks that fill a CHAR are no part of the value, whoever computes the mask: source, or engine beside a text. */
    @ParameterizedTest
    @ValueSource(strings = {"pg", "my", "h2", "duck"})
    void aCharIsMaskedWithoutItsBlanks(String source) throws SQLException {
        String padded = table(source, "padded");
        String tokens = "SELECT p.id FROM " + padded + " p JOIN " + table("duck", "padded") + " d ON p.code = d.code";
        assertThat(nicol.rows("kim", tokens + " ORDER BY 1")).containsExactly("1", "2");
        assertThat(nicol.rows("kim", tokens + " AND p.text <> '' ORDER BY 1")).containsExactly("1", "2");
        assertThat(nicol.rows("kim", "SELECT id FROM " + padded + " WHERE code = plain"))
                .containsExactly("1");
        assertThat(nicol.rows("kim", "SELECT shown FROM " + padded + " ORDER BY id"))
                .containsExactly("**c", "");
        assertThat(nicol.rows("kim", "SELECT shown, text FROM " + padded + " ORDER BY id"))
                .containsExactly("**c|x", "|y");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg", "my", "h2", "duck"})
    void everyKindIsTheSameOnEverySource(String source) throws SQLException {
        assertThat(nicol.rows("kim", "SELECT * FROM " + table(source, "people") + " ORDER BY id"))
                .containsExactly(
                        "1|it's \\ 😀|-|10|1000|5000000000|12.50|7.5|1969-04-01|1969-12-01 00:00:00.000",
                        "2|it's \\ 😀|-|-20|0|0|-0.50|-2.5|2024-01-01|2024-02-01 00:00:00.000",
                        "3|it's \\ 😀|-|-32768|-2147483648|-9223372036854775808|-99999999.99|null|0900-10-01|1500-03-01 00:00:00.000",
                        "4|null|null|null|null|null|null|null|null|null");
        assertThat(String.join("\n", nicol.rows("kim", "EXPLAIN PLAN FOR SELECT * FROM " + table(source, "people"))))
                .contains("computed whole by source " + source);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg", "my", "h2", "duck"})
    void conditionsSeeWhatTheMaskShows(String source) throws SQLException {
        String people = table(source, "people");
        assertThat(nicol.rows("kim", "SELECT id FROM " + people + " WHERE n = 1234"))
                .isEmpty();
        assertThat(nicol.rows("kim", "SELECT id FROM " + people + " WHERE n = 1000"))
                .containsExactly("1");
        assertThat(nicol.rows("kim", "SELECT id FROM " + people + " WHERE born = DATE '1969-05-17' OR name = 'Ann'"))
                .isEmpty();
        assertThat(nicol.rows("kim", "SELECT name, COUNT(*) FROM " + people + " GROUP BY name ORDER BY 2"))
                .containsExactly("null|1", "it's \\ 😀|3");
        assertThat(nicol.rows("kim", "SELECT id FROM " + people + " WHERE n IS NOT NULL ORDER BY n, id"))
                .containsExactly("3", "2", "1");
        assertThat(nicol.rows("fred", "SELECT id FROM " + people + " WHERE note LIKE '%4111%'"))
                .isEmpty();
        assertThat(nicol.rows("fred", "SELECT id FROM " + people + " WHERE note LIKE '%[CREDIT_CARD]%'"))
                .containsExactly("1");
    }

    @Test
    void tokensAreEqualForEqualValuesOnEverySource() throws SQLException {
        List<String> tokens = nicol.rows("tom", "SELECT * FROM " + table("pg", "people") + " ORDER BY id");
        for (String source : List.of("my", "h2", "duck")) {
            assertThat(nicol.rows("tom", "SELECT * FROM " + table(source, "people") + " ORDER BY id"))
                    .as(source)
                    .isEqualTo(tokens);
        }
        String[] ann = tokens.get(0).split("\\|");
        String[] bob = tokens.get(1).split("\\|");
        String[] least = tokens.get(2).split("\\|");
        assertThat(ann[1]).matches("[0-9a-f]{16}");
        assertThat(ann[2]).matches("[0-9a-f]{32}");
        assertThat(bob[4]).as("INTEGER 7 and BIGINT 7").isEqualTo(bob[5]);
        assertThat(Long.parseLong(bob[4])).isBetween(0L, (long) Integer.MAX_VALUE);
        assertThat(Long.parseLong(ann[5])).isNotNegative().isNotEqualTo(5000000000L);
        assertThat(Long.parseLong(least[4])).isBetween(0L, (long) Integer.MAX_VALUE);
        assertThat(Long.parseLong(least[5])).isNotNegative();
        assertThat(tokens.get(3)).isEqualTo("4|null|null|null|null|null|null|null|null|null");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg/my", "h2/duck", "duck/pg", "my/my"})
    void tokenizedKeysJoinAcrossSources(String pair) throws SQLException {
        String people = table(pair.split("/")[0], "people");
        String accounts = table(pair.split("/")[1], "accounts");
        assertThat(nicol.rows(
                        "tom",
                        "SELECT p.id, a.amount FROM " + people + " p JOIN " + accounts
                                + " a ON a.owner = p.n ORDER BY p.id"))
                .containsExactly("1|12", "2|70");
        assertThat(nicol.rows("tom", "SELECT p.id FROM " + people + " p JOIN " + accounts + " a ON a.owner = p.big"))
                .containsExactly("2");
        assertThat(nicol.rows("tom", "SELECT p.id FROM " + people + " p WHERE p.n = 7"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg", "my", "h2", "duck"})
    void customMasksReadTheRawRow(String source) throws SQLException {
        String people = table(source, "people");
        assertThat(nicol.rows("cleo", "SELECT id, name, n, price FROM " + people + " ORDER BY id"))
                .containsExactly("1|ann/EU|-100|12.75", "3|😀é日本👍/EU|100|0.00", "4|null|null|null");
        assertThat(nicol.rows("cleo", "SELECT id FROM " + people + " WHERE name = 'Ann'"))
                .isEmpty();
        assertThat(nicol.rows("cleo", "SELECT id FROM " + people + " WHERE n > 0 AND id < 4"))
                .containsExactly("3");
        assertThat(nicol.rows("cleo", "SELECT MAX(n), COUNT(*) FROM " + people + " WHERE id = 2"))
                .containsExactly("null|0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg", "my", "h2", "duck"})
    void entitiesInFreeTextAreRemovedByTheEngine(String source) throws SQLException {
        String people = table(source, "people");
        assertThat(nicol.rows("fred", "SELECT id, note, name FROM " + people + " ORDER BY id"))
                .containsExactly(
                        "1|write to [EMAIL], card [CREDIT_CARD]|A**", "2|nothing here|B**", "3||😀****", "4|null|null");
        assertThat(nicol.rows("fay", "SELECT note FROM " + people + " WHERE id IN (1, 2)"))
                .containsExactly("write to [EMAIL], card [CREDIT_CARD]");
        assertThat(nicol.rows("fred", "SELECT id, price FROM " + people + " WHERE id = 1"))
                .containsExactly("1|12.75");
        assertThat(nicol.rows("fred", "SELECT COUNT(*) FROM " + people)).containsExactly("4");
        String plan = String.join("\n", nicol.rows("fred", "EXPLAIN PLAN FOR SELECT note FROM " + people));
        assertThat(plan).contains("SealedMasks").doesNotContain("REDACT").doesNotContainIgnoringCase("redact");
        assertThat(nicol.update("fred", "UPDATE " + people + " SET small = small WHERE id = 1"))
                .isEqualTo(1);
        assertThatThrownBy(() -> nicol.update("fred", "DELETE FROM " + people + " WHERE note LIKE '%4111%'"))
                .hasMessageContaining("masked for you");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg", "my", "h2", "duck"})
    void whatTheEngineMasksIsSeenMaskedEverywhere(String source) throws SQLException {
        String people = table(source, "people");
        String other = table(source.equals("pg") ? "duck" : "pg", "people");
        assertThat(nicol.rows(
                        "fred",
                        "SELECT p.note, o.note FROM " + people + " p JOIN " + other
                                + " o ON o.note = p.note ORDER BY p.id"))
                .containsExactly(
                        "write to [EMAIL], card [CREDIT_CARD]|write to [EMAIL], card [CREDIT_CARD]",
                        "nothing here|nothing here",
                        "|");
        assertThat(nicol.rows(
                        "fred",
                        "SELECT id FROM " + people + " p WHERE EXISTS (SELECT 1 FROM " + people
                                + " q WHERE q.note LIKE '%[EMAIL]%' AND q.id = p.id)"))
                .containsExactly("1");
        assertThat(nicol.rows("fred", "SELECT MAX(note), COUNT(DISTINCT note) FROM " + people + " WHERE id < 3"))
                .containsExactly("write to [EMAIL], card [CREDIT_CARD]|2");
        assertThat(nicol.rows(
                        "fay", "SELECT id FROM " + people + " WHERE CHAR_LENGTH(note) / (id - 2) > 1 ORDER BY id"))
                .isEmpty();
        try (Connection connection = nicol.connect("fay");
                PreparedStatement statement =
                        connection.prepareStatement("SELECT note FROM " + people + " WHERE id = ? AND note = ?")) {
            statement.setInt(1, 1);
            statement.setString(2, "write to [EMAIL], card [CREDIT_CARD]");
            assertThat(TestNicol.rows(statement.executeQuery())).hasSize(1);
            statement.setString(2, "write to ann@example.com, card 4111 1111 1111 1111");
            assertThat(TestNicol.rows(statement.executeQuery())).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg", "my", "h2", "duck"})
    void aCustomMaskThatFailsShowsNothing(String source) throws SQLException {
        String people = table(source, "people");
        assertThatThrownBy(() -> nicol.rows("eve", "SELECT name FROM " + people + " ORDER BY small"))
                .isInstanceOfSatisfying(SQLException.class, failure -> {
                    assertThat(failure.getSQLState()).isEqualTo("22000");
                    assertThat(failure.getMessage()).doesNotContain("example.com", "nothing here");
                });
        assertThat(nicol.rows("eve", "SELECT id FROM " + people + " ORDER BY id"))
                .as("a column that is never NULL has a mask too")
                .containsExactly("-4", "-3", "-2", "-1");
    }

    @Test
    void theSourceIsAskedForTheKeyOnly() throws SQLException {
        nicol.rows("fred", "SELECT note FROM " + table("pg", "people") + " WHERE id = 3");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT q.row_count FROM nicol.audit.source_queries q JOIN nicol.audit.statements s"
                                + " ON s.statement_id = q.statement_id WHERE s.sql_text LIKE '%WHERE id = 3'"))
                .containsExactly("1");
    }
}
