package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of source is sent keys that its columns cannot hold, or hold in another way, and answers with those they can. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JoinKeysOfEveryKindTest {
    private static final String[] TABLES = {
        "CREATE TABLE held (id INTEGER PRIMARY KEY, s SMALLINT, i INTEGER, b BIGINT, a DECIMAL(8, 2), t VARCHAR(10), d DATE)",
        "INSERT INTO held VALUES (1, 1, 1, 1, 1.50, 'a', '2020-02-29'),"
                + " (2, -1, -1, 5000000000, -1.00, 'it''s', '9999-12-31'),"
                + " (3, 32767, 2147483647, -5000000000, 999999.99, 'b\\''c', '1582-10-10'),"
                + " (4, NULL, NULL, NULL, NULL, NULL, NULL), (5, 7, 7, 7, 7.00, '\u00e9 ?', '1970-01-01')"
    };

    private final List<SourceDefinition> others = List.of(
            TestDatabases.mariadb("my"),
            TestDatabases.h2("box"),
            TestDatabases.duckdb("lake"),
            TestDatabases.postgres("pg"));
    private TestNicol nicol;

    @BeforeAll
    void start() {
        for (SourceDefinition other : others) {
            String rows = TABLES[1].replace("'b\\''c'", other.kind().equals("mysql") ? "'b\\\\''c'" : "'b\\''c'");
            TestDatabases.execute(other.url(), other.user(), other.password(), TABLES[0], rows);
        }
        TestDatabases.execute(
                others.get(0).url(),
                others.get(0).user(),
                others.get(0).password(),
                "CREATE TABLE latin (id INTEGER PRIMARY KEY, t VARCHAR(10) CHARACTER SET latin1)",
                "INSERT INTO latin VALUES (1, 'a'), (2, '\u00e9 ?')");
        SourceDefinition asked = TestDatabases.postgres("asked");
        TestDatabases.execute(
                asked.url(),
                asked.user(),
                asked.password(),
                "CREATE TABLE keys (k INTEGER PRIMARY KEY, b BIGINT, a NUMERIC(8, 2), t VARCHAR(40) COLLATE \"C\", d DATE)",
                "INSERT INTO keys VALUES (1, 1, 1.5, 'a', '2020-02-29'), (2, 5000000000, -1, 'it''s', '9999-12-31'),"
                        + " (3, -5000000000, 999999.99, 'b\\''c', '1582-10-10'), (4, NULL, NULL, NULL, NULL),"
                        + " (5, 9223372036854775807, 0.01, 'longer than ten characters', '0001-01-01'),"
                        + " (6, -9223372036854775808, -999999.99, '\u65e5\u672c \ud834\udd1e', NULL),"
                        + " (7, 7, 7, '\u00e9 ?', '1970-01-01'), (8, -1, 1.51, 'A', '1582-10-11'), (9, 2147483647, 0, ' a', NULL)");
        List<SourceDefinition> all = new ArrayList<>(others);
        all.add(asked);
        nicol = TestNicol.start(all, """
                users:
                  ana: {password: "$HASH", groups: [readers], roles: [auditor]}
                """, """
                grants:
                  - {name: all, tables: ["**"], actions: [select], raw: ["*"], to: {groups: [readers]}}
                """);
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    /** Keys with what the other source holds of them; it is told them, as the rows of a left join decide. */
    private List<String> joined(int other, String on) throws SQLException {
        SourceDefinition source = others.get(other);
        return nicol
                .rows(
                        "ana",
                        "SELECT k.k, h.id FROM asked.public.keys k LEFT JOIN " + source.name() + "."
                                + TestDatabases.schema(source) + ".held h ON " + on + " ORDER BY 1, 2")
                .stream()
                .filter(row -> !row.endsWith("|null"))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void wholeNumbers(int other) throws SQLException {
        assertThat(joined(other, "h.b = k.b")).containsExactly("1|1", "2|2", "3|3", "7|5");
        assertThat(joined(other, "h.i = k.b")).containsExactly("1|1", "7|5", "8|2", "9|3");
        assertThat(joined(other, "h.s = k.b")).containsExactly("1|1", "7|5", "8|2");
        assertThat(joined(other, "h.id = k.k AND h.b = k.b")).containsExactly("1|1", "2|2", "3|3");
        assertThat(nicol.rows(
                        "ana",
                        "SELECT DISTINCT sql_sent LIKE '%IN (%' OR sql_sent LIKE '%unnest%' FROM nicol.audit.source_queries"
                                + " WHERE source = '" + others.get(other).name() + "'"))
                .contains("true");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void decimalsTextsAndDates(int other) throws SQLException {
        assertThat(joined(other, "h.a = k.a")).containsExactly("1|1", "2|2", "3|3", "7|5");
        assertThat(joined(other, "h.t = k.t")).containsExactly("1|1", "2|2", "3|3", "7|5");
        assertThat(joined(other, "h.d = k.d")).containsExactly("1|1", "2|2", "3|3", "7|5");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void theOtherWayRound(int other) throws SQLException {
        for (String column : List.of("b", "a", "t", "d")) {
            SourceDefinition source = others.get(other);
            assertThat(nicol.rows(
                            "ana",
                            "SELECT k.k, h.id FROM " + source.name() + "." + TestDatabases.schema(source)
                                    + ".held h LEFT JOIN asked.public.keys k ON h." + column + " = k." + column
                                    + " ORDER BY 2"))
                    .containsExactly("1|1", "2|2", "3|3", "null|4", "7|5");
        }
    }

    @Test
    void aCharacterSetWithoutTheKeysCharacters() throws SQLException {
        String latin = "my." + TestDatabases.schema(others.get(0)) + ".latin";
        assertThat(nicol.rows(
                        "ana",
                        "SELECT k.k, l.id FROM asked.public.keys k LEFT JOIN " + latin + " l ON l.t = k.t ORDER BY 1"))
                .containsExactly("1|1", "2|null", "3|null", "4|null", "5|null", "6|null", "7|2", "8|null", "9|null");
    }
}
