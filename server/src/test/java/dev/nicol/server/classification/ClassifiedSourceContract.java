package dev.nicol.server.classification;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What happens to a source that nobody has written a word of policy about but grants: what looks like mail is hidden, and
 * stays so wherever it goes. The same on every kind of source.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ClassifiedSourceContract {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [analysts]}
              raya: {password: "$HASH", groups: [raw]}
              max: {password: "$HASH", groups: [mailers]}
              etl: {password: "$HASH", groups: [loaders]}
              steve: {password: "$HASH", groups: [raw], roles: [steward]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICY = """
            grants:
              - {name: analysts, tables: ["crm.**", "lake.**", "virtual.**"], actions: [select], to: {groups: [analysts]}}
              - {name: mailers, tables: ["crm.**"], actions: [select], raw: [EMAIL], to: {groups: [mailers]}}
              - {name: loaders, tables: ["crm.**", "lake.**"], actions: [select, insert, update, ddl], to: {groups: [loaders]}}
              - {name: raw, tables: ["crm.**", "lake.**", "virtual.**"], actions: [select, insert, update, delete, ddl], raw: ["*"], to: {groups: [raw]}}
            """;

    private TestNicol nicol;
    private String schema;
    private Source direct;

    /** An empty database of the kind. */
    abstract SourceDefinition emptySource(String name);

    /** The schema that its tables are in, as Nicol names it. */
    abstract String schemaOf(SourceDefinition definition);

    @BeforeAll
    void start() {
        SourceDefinition source = emptySource("crm");
        direct = new Source(source);
        schema = schemaOf(source);
        List<String> statements = new ArrayList<>(List.of(
                "CREATE TABLE contacts (id INTEGER NOT NULL PRIMARY KEY, c3 VARCHAR(80), n4 INTEGER)",
                "CREATE TABLE later (id INTEGER NOT NULL PRIMARY KEY, c3 VARCHAR(80))",
                "CREATE TABLE grown (id INTEGER NOT NULL PRIMARY KEY)",
                "CREATE TABLE filled (id INTEGER, x VARCHAR(80))",
                "CREATE TABLE moved (id INTEGER, x VARCHAR(80))",
                "CREATE VIEW reachable AS SELECT id, c3 AS y FROM contacts"));
        IntStream.rangeClosed(1, 30)
                .forEach(i -> statements.add(
                        "INSERT INTO contacts VALUES (" + i + ", 'u" + i + "@mail.example', " + i * 7 + ")"));
        execute(statements.toArray(String[]::new));
        nicol = TestNicol.start(List.of(source, TestDatabases.h2("lake")), USERS, POLICY);
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
        direct.close();
    }

    private void execute(String... statements) {
        try (Connection connection = direct.connection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** {@code $c} stands for the schema of the source. */
    private List<String> rows(String user, String sql) throws SQLException {
        return nicol.rows(user, sql.replace("$c", "crm." + schema));
    }

    private int update(String user, String sql) throws SQLException {
        return nicol.update(user, sql.replace("$c", "crm." + schema));
    }

    private List<String> tags(String table) throws SQLException {
        return rows(
                "audra",
                "SELECT LOWER(column_name), entity, origin FROM nicol.policy.classifications WHERE LOWER(table_name) = '"
                        + table + "' ORDER BY 1, 2, 3");
    }

    @Test
    void mailIsHiddenWithoutAWordOfPolicy() throws SQLException {
        assertThat(rows("alice", "SELECT id, c3, n4 FROM $c.contacts WHERE id <= 2 ORDER BY id"))
                .containsExactly("1|***|7", "2|***|14");
        assertThat(rows("alice", "SELECT id FROM $c.contacts WHERE c3 = 'u1@mail.example'"))
                .isEmpty();
        assertThat(tags("contacts")).containsExactly("c3|EMAIL|found");
    }

    @Test
    void aGrantOfRawOpensIt() throws SQLException {
        assertThat(rows("raya", "SELECT c3 FROM $c.contacts WHERE id = 1")).containsExactly("u1@mail.example");
        assertThat(rows("max", "SELECT c3 FROM $c.contacts WHERE id = 1")).containsExactly("u1@mail.example");
    }

    @Test
    void aViewOfTheSourceIsLookedAtLikeATable() throws SQLException {
        assertThat(rows("alice", "SELECT y FROM $c.reachable WHERE id = 1")).containsExactly("***");
        assertThat(tags("reachable")).containsExactly("y|EMAIL|found");
    }

    @Test
    void theTrailSaysWhichTagsWereRead() throws SQLException {
        rows("alice", "SELECT c3 AS told FROM $c.contacts WHERE id = 3");
        assertThat(rows(
                        "audra",
                        "SELECT LOWER(a.column_name), a.tags, a.mask FROM nicol.audit.column_access a JOIN nicol.audit.statements s"
                                + " ON s.statement_id = a.statement_id WHERE s.sql_text LIKE 'SELECT c3 AS told%' AND"
                                + " a.tags <> ''"))
                .containsExactly("c3|EMAIL|redact");
    }

    @Test
    void aColumnThatComesLaterIsHiddenFromTheStart() throws SQLException {
        execute("ALTER TABLE grown ADD COLUMN extra VARCHAR(80)");
        for (int i = 0; i < 25; i++) {
            execute("INSERT INTO grown VALUES (" + i + ", 'g" + i + "@mail.example')");
        }
        update("steve", "CALL nicol.reload()");
        assertThat(rows("alice", "SELECT extra FROM $c.grown WHERE id = 3")).containsExactly("***");
        assertThat(tags("grown")).containsExactly("extra|EMAIL|found");
    }

    @Test
    void aTableThatWasEmptyIsLookedAtWhenItFills() throws SQLException {
        StringBuilder values = new StringBuilder();
        for (int i = 0; i < 25; i++) {
            values.append(i == 0 ? "" : ", ")
                    .append("(")
                    .append(i)
                    .append(", 'l")
                    .append(i)
                    .append("@mail.example')");
        }
        assertThat(tags("later")).isEmpty();
        update("etl", "INSERT INTO $c.later VALUES " + values);
        assertThat(rows("alice", "SELECT c3 FROM $c.later WHERE id = 3")).containsExactly("***");
    }

    @Test
    void createTableAsKeepsTagsOfMaskedAndOfRawValues() throws SQLException {
        update("etl", "CREATE TABLE $c.copied AS SELECT id, c3 AS mail, n4 FROM $c.contacts");
        assertThat(rows("raya", "SELECT mail FROM $c.copied WHERE id = 1")).containsExactly("***");
        assertThat(rows("alice", "SELECT mail, n4 FROM $c.copied WHERE id = 1")).containsExactly("***|7");
        assertThat(tags("copied")).containsExactly("mail|EMAIL|carried");

        update("raya", "CREATE TABLE $c.copied_raw AS SELECT id, 'mail: ' || c3 AS m FROM $c.contacts");
        assertThat(rows("raya", "SELECT m FROM $c.copied_raw WHERE id = 1")).containsExactly("mail: u1@mail.example");
        assertThat(rows("alice", "SELECT m FROM $c.copied_raw WHERE id = 1")).containsExactly("***");
    }

    @Test
    void insertAndUpdateCarryTags() throws SQLException {
        update("raya", "INSERT INTO $c.filled SELECT id, UPPER(c3) || '!' FROM $c.contacts WHERE id < 3");
        assertThat(rows("raya", "SELECT x FROM $c.filled WHERE id = 1")).containsExactly("U1@MAIL.EXAMPLE!");
        assertThat(rows("alice", "SELECT x FROM $c.filled WHERE id = 1")).containsExactly("***");

        update("raya", "INSERT INTO $c.moved VALUES (1, 'plain')");
        assertThat(rows("alice", "SELECT x FROM $c.moved")).containsExactly("plain");
        update(
                "raya",
                "UPDATE $c.moved SET x = (SELECT MIN(c.c3) || '?' FROM $c.contacts c WHERE c.id = 1) WHERE id = 1");
        assertThat(rows("raya", "SELECT x FROM $c.moved")).containsExactly("u1@mail.example?");
        assertThat(rows("alice", "SELECT x FROM $c.moved")).containsExactly("***");
    }

    @Test
    void tagsCrossSources() throws SQLException {
        update("etl", "CREATE TABLE lake.PUBLIC.mails (id INTEGER, x VARCHAR(80))");
        update("etl", "INSERT INTO lake.PUBLIC.mails SELECT id, c3 FROM $c.contacts WHERE id < 3");
        assertThat(rows("alice", "SELECT x FROM lake.PUBLIC.mails WHERE id = 1"))
                .containsExactly("***");
        // and again: a column of nothing but copies takes more of them
        update("etl", "INSERT INTO lake.PUBLIC.mails SELECT id, c3 FROM $c.contacts WHERE id = 3");
        update("raya", "INSERT INTO lake.PUBLIC.mails SELECT id, c3 FROM $c.contacts WHERE id = 4");
        assertThat(rows("raya", "SELECT x FROM lake.PUBLIC.mails WHERE id > 2 ORDER BY id"))
                .containsExactly("***", "u4@mail.example");
        assertThat(rows("alice", "SELECT x FROM lake.PUBLIC.mails WHERE id = 4"))
                .containsExactly("***");
        assertThat(
                        rows(
                                "steve",
                                "SELECT LOWER(evidence) FROM nicol.policy.classifications WHERE table_name = 'mails' AND origin = 'carried'"))
                .containsExactly(("copied from `crm." + schema + ".contacts.c3`").toLowerCase(Locale.ROOT));
    }

    @Test
    void renamedColumnsAndTablesKeepTheirTagsAndDroppedOnesLoseThem() throws SQLException {
        update("raya", "CREATE TABLE $c.first AS SELECT id, 'x' || c3 AS m FROM $c.contacts WHERE id < 3");
        update("raya", "ALTER TABLE $c.first RENAME COLUMN m TO mm");
        assertThat(rows("alice", "SELECT mm FROM $c.first WHERE id = 1")).containsExactly("***");
        update("raya", "ALTER TABLE $c.first RENAME TO second");
        assertThat(rows("alice", "SELECT mm FROM $c.second WHERE id = 1")).containsExactly("***");
        assertThat(tags("first")).isEmpty();
        assertThat(tags("second")).contains("mm|EMAIL|carried");
        update("raya", "DROP TABLE $c.second");
        assertThat(tags("second")).isEmpty();
        update("raya", "CREATE TABLE $c.second (id INTEGER, mm VARCHAR(20))");
        update("raya", "INSERT INTO $c.second VALUES (1, 'plain')");
        assertThat(rows("alice", "SELECT mm FROM $c.second")).containsExactly("plain");
    }

    @Test
    void viewsOfVirtualSchemasShowTheirTagsByLineage() throws SQLException {
        update("steve", "CREATE SCHEMA virtual.sales");
        update("steve", "CREATE VIEW virtual.sales.people AS SELECT id, LOWER(c3) AS m FROM $c.contacts");
        assertThat(rows("alice", "SELECT m FROM virtual.sales.people WHERE id = 1"))
                .containsExactly("***");
        assertThat(rows("raya", "SELECT m FROM virtual.sales.people WHERE id = 1"))
                .containsExactly("u1@mail.example");
        assertThat(rows(
                        "audra",
                        "SELECT column_name, entity, LOWER(evidence) FROM nicol.policy.classifications WHERE catalog_name ="
                                + " 'virtual'"))
                .containsExactly(
                        "m|EMAIL|" + ("lineage from `crm." + schema + ".contacts.c3`").toLowerCase(Locale.ROOT));
        update("steve", "DROP VIEW virtual.sales.people");
        assertThat(rows("audra", "SELECT 1 FROM nicol.policy.classifications WHERE catalog_name = 'virtual'"))
                .isEmpty();
    }
}
