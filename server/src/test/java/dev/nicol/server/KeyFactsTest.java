package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys in {@code nicol.information_schema}, of each kind of source, and only those of what is seen. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class KeyFactsTest {
    private static final String COLUMNS = "SELECT LOWER(k.table_name), c.constraint_type, LOWER(k.column_name),"
            + " k.ordinal_position, k.position_in_unique_constraint FROM nicol.information_schema.key_column_usage k"
            + " JOIN nicol.information_schema.table_constraints c ON c.constraint_catalog = k.constraint_catalog"
            + " AND c.constraint_schema = k.constraint_schema AND c.constraint_name = k.constraint_name"
            + " WHERE k.table_catalog = '%s' ORDER BY 1, 2, 4";

    private static final String REFERENCES = "SELECT LOWER(r.constraint_name), LOWER(c.table_name), c.constraint_type,"
            + " r.update_rule, r.delete_rule FROM nicol.information_schema.referential_constraints r"
            + " LEFT JOIN nicol.information_schema.table_constraints c"
            + " ON c.constraint_catalog = r.unique_constraint_catalog AND c.constraint_schema ="
            + " r.unique_constraint_schema AND c.constraint_name = r.unique_constraint_name"
            + " WHERE r.constraint_catalog = '%s' ORDER BY 3, 1";

    private final List<SourceDefinition> sources = List.of(
            TestDatabases.postgres("postgres"),
            TestDatabases.mariadb("maria"),
            TestDatabases.h2("h2"),
            TestDatabases.duckdb("duck"));

    @SuppressWarnings("NullAway.Init")
    private TestNicol nicol;

    @BeforeAll
    void start() {
        for (SourceDefinition source : sources) {
            TestDatabases.execute(
                    source.url(),
                    source.user(),
                    source.password(),
                    "CREATE TABLE hidden (id INTEGER PRIMARY KEY)",
                    "CREATE TABLE parents (a INTEGER NOT NULL, b INTEGER NOT NULL, code VARCHAR(10), secret INTEGER,"
                            + " PRIMARY KEY (b, a), CONSTRAINT by_code UNIQUE (code), CONSTRAINT by_secret UNIQUE (secret))",
                    "CREATE TABLE children (id INTEGER PRIMARY KEY, pb INTEGER, pa INTEGER, hid INTEGER, shown VARCHAR(10),"
                            + " secret INTEGER, CONSTRAINT fk_parents FOREIGN KEY (pb, pa) REFERENCES parents (b, a)"
                            + (source.kind().equals("duckdb") ? "" : " ON DELETE CASCADE")
                            + ", CONSTRAINT fk_code FOREIGN KEY (shown) REFERENCES parents (code)"
                            + ", CONSTRAINT fk_to_denied FOREIGN KEY (hid) REFERENCES parents (secret)"
                            + ", CONSTRAINT fk_of_denied FOREIGN KEY (secret) REFERENCES parents (secret)"
                            + ", CONSTRAINT fk_hidden FOREIGN KEY (hid) REFERENCES hidden (id))");
        }
        nicol = TestNicol.start(sources, "users: {ann: {password: \"$HASH\", groups: [g]}}\n", """
                grants:
                  - {name: reads, tables: ["*.*.parents", "*.*.children"], columns: {deny: [secret]}, actions: [select], to: {groups: [g]}}
                """);
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgres", "maria", "h2", "duck"})
    void keysOfWhatIsSeen(String source) throws SQLException {
        assertThat(nicol.rows("ann", COLUMNS.formatted(source)))
                .containsExactlyInAnyOrder(
                        "children|FOREIGN KEY|pb|1|1",
                        "children|FOREIGN KEY|pa|2|2",
                        "children|FOREIGN KEY|shown|1|1",
                        "children|PRIMARY KEY|id|1|null",
                        "parents|PRIMARY KEY|b|1|null",
                        "parents|PRIMARY KEY|a|2|null",
                        "parents|UNIQUE|code|1|null");
    }

    @ParameterizedTest
    @CsvSource({"postgres,NO ACTION", "maria,RESTRICT", "h2,NO ACTION", "duck,NO ACTION"})
    void foreignKeysAreToKeys(String source, String rule) throws SQLException {
        List<String> references = nicol.rows("ann", REFERENCES.formatted(source));
        assertThat(references).hasSize(2);
        assertThat(references.get(0))
                .matches((source.equals("duck") ? "\\w*" : "fk_parents") + "\\|parents\\|PRIMARY KEY\\|" + rule + "\\|"
                        + (source.equals("duck") ? rule : "CASCADE"));
        assertThat(references.get(1))
                .matches((source.equals("duck") ? "\\w*" : "fk_code") + "\\|parents\\|UNIQUE\\|" + rule + "\\|" + rule);
    }

    @Test
    void theGuidesQuery() throws SQLException {
        String guide = TidyTest.text(TidyTest.ROOT.resolve("docs/guides/clients.md"));
        int start = guide.indexOf("```sql", guide.indexOf("## Keys")) + "```sql".length();
        assertThat(nicol.rows("ann", guide.substring(start, guide.indexOf("```", start))))
                .contains("children|pb|parents|b", "children|pa|parents|a", "CHILDREN|SHOWN|PARENTS|CODE")
                .hasSize(4 * 3);
    }
}
