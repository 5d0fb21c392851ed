package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What stewards do with views beside defining them: history, comments, names of columns, other names, clashes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ViewStewardTest {
    private static final String PEOPLE = " FROM crm.public.people";
    private static final String FILE =
            "CREATE VIEW virtual.files.people (number, \"called\") AS SELECT id, name" + PEOPLE
                    + ";\nCOMMENT ON VIEW virtual.files.people IS 'Everybody';\n"
                    + "COMMENT ON COLUMN virtual.files.people.called IS 'as they are called';\n"
                    + "COMMENT ON SCHEMA virtual.files IS 'of Git';\n";

    private SourceDefinition crm;
    private TestNicol nicol;

    @BeforeAll
    void start() throws IOException {
        crm = TestDatabases.postgres("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(40))",
                "COMMENT ON COLUMN people.name IS 'given and family name'",
                "INSERT INTO people VALUES (1, 'Ann')");
        Path directory = TestNicol.files(List.of(crm), """
                users:
                  ann: {password: "$HASH", groups: [analysts]}
                  steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                  audra: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: all, tables: ["crm.**", "virtual.**"], actions: [select], raw: ["*"], to: {groups: [stewards, analysts]}}
                row_filters:
                  - {name: nobody, tables: ["virtual.ruled.filtered"], to: {groups: [analysts]}, where: "id = 0"}
                """, "views: views/");
        Files.createDirectory(directory.resolve("views"));
        Files.writeString(directory.resolve("views/people.sql"), FILE);
        nicol = TestNicol.startAgain(directory);
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @Test
    void everyChangeIsAVersion() throws SQLException {
        steward("CREATE SCHEMA virtual.hist");
        steward("CREATE VIEW virtual.hist.one AS SELECT id" + PEOPLE);
        steward("CREATE OR REPLACE VIEW virtual.hist.one (x) AS SELECT name" + PEOPLE);
        steward("ALTER VIEW virtual.hist.one RENAME TO two");
        steward("DROP VIEW virtual.hist.two");
        String versions = "SELECT view_name, version, change, definition, changed_by FROM nicol.policy.view_versions"
                + " WHERE view_schema = 'hist' AND changed_at > CURRENT_TIMESTAMP - INTERVAL '1' HOUR ORDER BY view_name, version";
        String replaced = "(\"x\") AS SELECT name" + PEOPLE + "|steve";
        List<String> expected = List.of(
                "one|1|create|SELECT id" + PEOPLE + "|steve",
                "one|2|replace|" + replaced,
                "one|3|rename to virtual.hist.two|" + replaced,
                "two|1|rename from virtual.hist.one|" + replaced,
                "two|2|drop|" + replaced);
        assertThat(nicol.rows("steve", versions)).isEqualTo(expected);
        assertThat(nicol.rows("audra", versions)).isEqualTo(expected);
        assertThat(nicol.rows("ann", versions)).isEmpty();
    }

    @Test
    void filesHaveVersionsCommentsAndConflicts() throws Exception {
        assertThat(nicol.rows("ann", "SELECT number, called FROM virtual.files.people"))
                .containsExactly("1|Ann");
        String comments = "SELECT v.remarks, c.remarks, s.remarks FROM nicol.information_schema.views v"
                + " JOIN nicol.information_schema.columns c ON c.table_schema = v.table_schema AND c.column_name = 'called'"
                + " JOIN nicol.information_schema.schemata s ON s.schema_name = v.table_schema WHERE v.table_schema = 'files'";
        assertThat(nicol.rows("ann", comments)).containsExactly("Everybody|as they are called|of Git");
        assertRefused("COMMENT ON VIEW virtual.files.people IS 'mine'", "42501", "comes from file people.sql");
        assertRefused("CREATE VIEW virtual.files.people AS SELECT 1 AS x", "42501", "comes from file people.sql");

        write("people.sql", FILE.replace("id, name", "id + 1, name"));
        await().untilAsserted(() -> assertThat(nicol.rows("ann", "SELECT number FROM virtual.files.people"))
                .containsExactly("2"));
        String versions = "SELECT version, change, changed_by FROM nicol.policy.view_versions"
                + " WHERE view_schema = 'files' AND view_name = 'people' ORDER BY version";
        assertThat(nicol.rows("steve", versions)).containsExactly("1|file|people.sql", "2|file_changed|people.sql");

        steward("CREATE VIEW virtual.files.clash AS SELECT 1 AS x");
        write(
                "clash.sql",
                "CREATE VIEW virtual.files.clash AS SELECT 2 AS x;\nCREATE VIEW virtual.crm.t AS SELECT 1 AS x;\n");
        await().untilAsserted(() -> assertThat(
                        nicol.rows("audra", "SELECT detail FROM nicol.audit.events WHERE kind = 'views_load_failed'"))
                .anyMatch(detail -> detail.contains(
                                "view `virtual.files.clash` is in clash.sql and was created in SQL by `steve`")
                        && detail.contains("schema `virtual.crm` of view `virtual.crm.t` is called as a source is")));
        assertThat(nicol.rows("ann", "SELECT x FROM virtual.files.clash")).containsExactly("1");

        // a start does not die of it, and says which is in force
        write("clash.sql", "CREATE VIEW virtual.files.clash AS SELECT 2 AS x;\n");
        nicol = nicol.restart();
        assertThat(nicol.rows("ann", "SELECT x FROM virtual.files.clash")).containsExactly("1");
        await().untilAsserted(() -> assertThat(events("view_conflict"))
                .hasSize(1)
                .allMatch(detail -> detail.contains("the one that was created in SQL is in force")));
        nicol = nicol.restart();
        nicol.rows("steve", "CALL nicol.reload()");
        steward("DROP VIEW virtual.files.clash");
        assertThat(nicol.rows("ann", "SELECT x FROM virtual.files.clash")).containsExactly("2");
        assertThat(events("view_conflict")).hasSize(1);
        assertThat(nicol.rows("steve", versions)).hasSize(2);
    }

    @Test
    void viewsOfFilesArePinnedToo() throws Exception {
        source("CREATE TABLE moved (id INTEGER)", "INSERT INTO moved VALUES (1)");
        nicol.rows("steve", "CALL nicol.reload()");
        String definition = "CREATE VIEW virtual.files.moved AS SELECT * FROM crm.public.moved;\n";
        write("moved.sql", definition);
        String pinned =
                "SELECT data_type FROM nicol.information_schema.columns WHERE table_schema = 'files' AND table_name = 'moved'";
        await().untilAsserted(() -> assertThat(nicol.rows("steve", pinned)).containsExactly("INTEGER"));
        source("ALTER TABLE moved ALTER COLUMN id TYPE BIGINT, ADD COLUMN more INTEGER");
        nicol = nicol.restart();
        assertThat(nicol.rows("steve", pinned)).containsExactly("INTEGER");
        assertThat(nicol.rows("ann", "SELECT * FROM virtual.files.moved")).containsExactly("1");
        await().untilAsserted(() -> assertThat(events("view_drifted"))
                .containsExactly("virtual.files.moved: Column `id` was INTEGER and is BIGINT;"
                        + " `*` leaves out the new column `more` of `crm.public.moved`."));
        write("moved.sql", definition.replace("SELECT", "SELECT\n"));
        await().untilAsserted(() -> assertThat(nicol.rows("steve", pinned)).containsExactly("BIGINT", "INTEGER"));
        assertThat(events("view_drifted")).hasSize(1);
    }

    private void source(String... statements) {
        TestDatabases.execute(crm.url(), crm.user(), crm.password(), statements);
    }

    @Test
    void viewsColumnsAndSchemasHaveComments() throws SQLException {
        steward("CREATE SCHEMA virtual.said");
        steward("CREATE VIEW virtual.said.people AS SELECT id AS \"a.b\", name" + PEOPLE);
        steward("COMMENT ON SCHEMA virtual.said IS 'what is said'");
        steward("COMMENT ON VIEW virtual.SAID.people IS 'it''s people'");
        steward("COMMENT ON COLUMN virtual.said.people.\"A.b\" IS 'ключ 漢字'");
        assertRefused("COMMENT ON COLUMN virtual.said.people.nothing IS 'x'", "42703", "has no column `nothing`");
        assertRefused("COMMENT ON VIEW virtual.said.nothing IS 'x'", "42P01", "no view");
        assertRefused("COMMENT ON SCHEMA virtual.nothing IS 'x'", "42P01", "no schema");
        assertRefused("COMMENT ON TABLE crm.public.people IS 'x'", "0A000", "COMMENT ON TABLE");
        assertRefused("COMMENT ON COLUMN crm.public.people.name IS 'x'", "0A000", "virtual");
        assertThatThrownBy(() -> nicol.update("ann", "COMMENT ON VIEW virtual.said.people IS 'x'"))
                .hasMessageContaining("for stewards");
        steward("CREATE OR REPLACE VIEW virtual.said.people AS SELECT id AS \"a.b\"" + PEOPLE);
        try (Connection connection = nicol.connect("ann")) {
            List<String> remarks = new ArrayList<>();
            try (ResultSet tables = connection.getMetaData().getTables("virtual", "said", "people", null)) {
                while (tables.next()) {
                    remarks.add(tables.getString("REMARKS"));
                }
            }
            try (ResultSet columns = connection.getMetaData().getColumns("virtual", "said", "people", "%")) {
                while (columns.next()) {
                    remarks.add(columns.getString("COLUMN_NAME") + " " + columns.getString("REMARKS"));
                }
            }
            try (ResultSet columns = connection.getMetaData().getColumns("crm", "public", "people", "name")) {
                columns.next();
                remarks.add(columns.getString("REMARKS"));
            }
            assertThat(remarks).containsExactly("it's people", "a.b ключ 漢字", "given and family name");
        }
        nicol = nicol.restart();
        steward("COMMENT ON VIEW virtual.said.people IS NULL");
        assertThat(
                        nicol.rows(
                                "ann",
                                "SELECT v.remarks, s.remarks FROM nicol.information_schema.views v"
                                        + " JOIN nicol.information_schema.schemata s ON s.schema_name = v.table_schema WHERE table_schema = 'said'"))
                .containsExactly("null|what is said");
    }

    @Test
    void columnsAreNamedAfterTheView() throws SQLException {
        steward("CREATE SCHEMA virtual.named");
        steward("CREATE VIEW virtual.named.v (\"ä \"\"x\"\"\", b) AS SELECT id, name" + PEOPLE + " -- the end");
        assertThat(nicol.rows("ann", "SELECT \"ä \"\"x\"\"\", b FROM virtual.named.v"))
                .containsExactly("1|Ann");
        assertThat(nicol.rows(
                        "steve",
                        "SELECT view_definition FROM nicol.information_schema.views WHERE table_schema = 'named'"))
                .containsExactly("(\"ä \"\"x\"\"\", \"b\") AS SELECT id, name" + PEOPLE + " -- the end");
        assertRefused(
                "CREATE VIEW virtual.named.w (a) AS SELECT id, name" + PEOPLE,
                "42601",
                "names 1 columns, and its query has 2");
        assertRefused("CREATE VIEW virtual.named.w (a, b, c) AS SELECT id, name" + PEOPLE, "42601", "names 3 columns");
        assertRefused("CREATE VIEW virtual.named.w (a, A) AS SELECT id, name" + PEOPLE, "42701", "called `A`");
        assertRefused("CREATE VIEW virtual.named.w AS SELECT id, id" + PEOPLE, "42701", "called `id`");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT DISTINCT source_column, target_column FROM TABLE(nicol.lineage.downstream('crm.public.people.name'))"
                                + " WHERE target_schema = 'named' AND target_table = 'v'"))
                .containsExactly("name|b");
        String longest = "\"" + "n".repeat(127) + "é\"";
        steward("CREATE VIEW virtual.named." + longest + " (" + longest + ") AS SELECT id" + PEOPLE);
        assertThat(nicol.rows("ann", "SELECT " + longest + " FROM virtual.named." + longest))
                .containsExactly("1");
    }

    @Test
    void schemasHaveOtherNames() throws SQLException {
        steward("CREATE SCHEMA virtual.before");
        steward("CREATE SCHEMA virtual.taken");
        steward("CREATE VIEW virtual.before.base AS SELECT id" + PEOPLE);
        steward("CREATE VIEW virtual.taken.top AS SELECT id FROM virtual.before.base");
        assertRefused("ALTER SCHEMA virtual.before RENAME TO after", "42501", "read by `virtual.taken.top`");
        assertRefused("ALTER SCHEMA virtual.before RENAME TO TAKEN", "42P07", "`virtual.TAKEN` exists");
        assertRefused("ALTER SCHEMA virtual.before RENAME TO CRM", "42P07", "name of a source");
        assertRefused("ALTER SCHEMA virtual.files RENAME TO others", "42501", "comes from file");
        assertRefused("ALTER SCHEMA virtual.nothing RENAME TO others", "42P01", "no schema");
        assertRefused("ALTER SCHEMA crm.public RENAME TO others", "0A000", "virtual");
        assertThatThrownBy(() -> nicol.update("ann", "ALTER SCHEMA virtual.before RENAME TO mine"))
                .hasMessageContaining("for stewards");
        steward("DROP VIEW virtual.taken.top");
        steward("ALTER SCHEMA virtual.before RENAME TO after");
        assertThat(nicol.rows("ann", "SELECT id FROM virtual.after.base")).containsExactly("1");
        assertThatThrownBy(() -> nicol.rows("ann", "SELECT id FROM virtual.before.base"))
                .hasMessageContaining("no table");
        steward("CREATE SCHEMA virtual.ruled");
        steward("CREATE VIEW virtual.ruled.filtered AS SELECT id" + PEOPLE);
        assertRefused("ALTER SCHEMA virtual.ruled RENAME TO free", "42501", "rules `nobody`");
        assertRefused("ALTER VIEW virtual.ruled.filtered RENAME TO free", "42501", "rules `nobody`");
        assertThat(nicol.rows("ann", "SELECT id FROM virtual.ruled.filtered")).isEmpty();
    }

    @Test
    void mistakesAreToldAsTheyAre() throws SQLException {
        steward("CREATE SCHEMA virtual.odd");
        steward("CREATE VIEW virtual.odd.\"we.ird\" AS SELECT id, name" + PEOPLE);
        steward("CREATE VIEW virtual.odd.other AS SELECT id" + PEOPLE);

        assertRefused(
                "SELECT * FROM virtual.odd.\"we.irdd\"",
                "42P01",
                "There is no table `virtual.odd.\"we.irdd\"` (line 1, column 15). Did you mean `virtual.odd.\"we.ird\"`?");
        for (String values : List.of(" (id) VALUES (1)", " VALUES (1)", " SELECT 1, 'x', 3")) {
            assertRefused(
                    "INSERT INTO virtual.odd.other" + values, "0A000", "`virtual.odd.other` cannot be written to");
        }
        assertRefused(
                "EXPLAIN POLICY FOR SELECT id FROM virtual.odd.othr AS USER 'ann'",
                "42P01",
                "For `ann`: There is no table `virtual.odd.othr`");
        assertRefused("DROP SCHEMA virtual.odd", "42501", "holds views: `virtual.odd.other`, `virtual.odd.we.ird`");
    }

    @Test
    void policyExplainsWhatStewardsDo() throws SQLException {
        steward("CREATE SCHEMA virtual.told");
        steward("CREATE VIEW virtual.told.v AS SELECT id" + PEOPLE);
        for (String sql : List.of(
                "ALTER VIEW virtual.told.v RENAME TO w",
                "DROP VIEW virtual.told.v",
                "ALTER SCHEMA virtual.told RENAME TO x",
                "COMMENT ON VIEW virtual.told.v IS 'x'")) {
            assertRefused("EXPLAIN POLICY FOR " + sql, "0A000", "stewards");
        }
        assertThat(nicol.rows("steve", "EXPLAIN POLICY FOR CREATE VIEW virtual.told.w AS SELECT name" + PEOPLE))
                .anyMatch(row -> row.contains("people") && row.contains("name"));
        assertThat(nicol.rows("ann", "SELECT id FROM virtual.told.v")).containsExactly("1");
    }

    private List<String> events(String kind) throws SQLException {
        return nicol.rows("audra", "SELECT detail FROM nicol.audit.events WHERE kind = '" + kind + "'");
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(nicol.directory().resolve("views").resolve(file), text);
    }

    private void steward(String sql) throws SQLException {
        nicol.update("steve", sql);
    }

    private void assertRefused(String sql, String code, String text) {
        nicol.assertRefused("steve", sql, code, text);
    }
}
