package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Views stay what they were when they were defined, whatever their sources become, and say so. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ViewDriftTest {
    private SourceDefinition crm;
    private SourceDefinition shop;
    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        crm = TestDatabases.postgres("crm");
        shop = TestDatabases.mariadb("shop");
        source(
                crm,
                "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(5) NOT NULL, mail VARCHAR(40), born DATE)",
                "INSERT INTO people VALUES (1, 'Ann', 'ann@x.org', '1990-01-02')",
                "CREATE TABLE pets (id INTEGER, owner INTEGER)",
                "INSERT INTO pets VALUES (7, 1)",
                "CREATE TABLE wide (a INTEGER, b VARCHAR(9))",
                "INSERT INTO wide VALUES (1, 'x')");
        source(
                shop,
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, amount DECIMAL(10, 2), note VARCHAR(10))",
                "INSERT INTO orders VALUES (1, 5.50, 'first')");
        nicol = TestNicol.start(List.of(crm, shop), """
                users:
                  ann: {password: "$HASH", groups: [analysts]}
                  nora: {password: "$HASH", groups: [others]}
                  steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                  audra: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: analysts, tables: ["crm.public.*", "shop.**", "virtual.**"], actions: [select], to: {groups: [analysts]}}
                  - {name: others, tables: ["crm.public.*", "virtual.**"], actions: [select], columns: {deny: [a]}, to: {groups: [others]}}
                  - {name: stewards, tables: ["crm.**", "shop.**", "virtual.**"], actions: [select], raw: ["*"], to: {groups: [stewards]}}
                row_filters:
                  - {name: of-view, tables: ["virtual.v.ruled"], to: {groups: [analysts]}, where: "id < 3 AND name <> 'Cy'"}
                column_masks:
                  - {name: on-view, columns: ["virtual.v.ruled.name"], to: {groups: [analysts]}, mask: {kind: partial, first: 1, last: 0}}
                  - {name: mails, columns: ["crm.*.people.mail"], to: {groups: [analysts]}, mask: {kind: redact}}
                """, "classification: {mask_by_default: false}");
        steward("CREATE SCHEMA virtual.v");
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @Test
    void typesAreThoseOfTheDefinition() throws SQLException {
        steward("CREATE VIEW virtual.v.people AS SELECT id, name, mail, born FROM crm.public.people");
        steward("CREATE VIEW virtual.v.above AS SELECT id + 1 AS plus_one, name FROM virtual.v.people");
        String types = "SELECT column_name, data_type, is_nullable FROM nicol.information_schema.columns"
                + " WHERE table_schema = 'v' AND table_name = 'people' ORDER BY ordinal_position";
        assertThat(nicol.rows("steve", types))
                .containsExactly("id|INTEGER|NO", "name|VARCHAR|NO", "mail|VARCHAR|YES", "born|DATE|YES");
        assertThat(drift("people")).containsExactly("null");

        source(
                crm,
                "ALTER TABLE people ALTER COLUMN id TYPE BIGINT, ALTER COLUMN name TYPE VARCHAR(30),"
                        + " ALTER COLUMN mail TYPE VARCHAR(60), ALTER COLUMN born TYPE TIMESTAMP");
        reload();

        assertThat(nicol.rows("steve", "SELECT * FROM virtual.v.people")).containsExactly("1|Ann|ann@x.org|1990-01-02");
        assertThat(nicol.rows("ann", "SELECT * FROM virtual.v.people WHERE name = 'Ann' AND born < DATE '1991-01-01'"))
                .containsExactly("1|Ann|***|1990-01-02");
        assertThat(nicol.rows("ann", "SELECT plus_one FROM virtual.v.above")).containsExactly("2");
        assertThat(nicol.rows("steve", types))
                .containsExactly("id|INTEGER|NO", "name|VARCHAR|NO", "mail|VARCHAR|YES", "born|DATE|YES");
        String text = "Column `id` was INTEGER and is BIGINT; column `name` was VARCHAR(5) and is VARCHAR(30);"
                + " column `mail` was VARCHAR(40) and is VARCHAR(60); column `born` was DATE and is TIMESTAMP(6).";
        assertThat(drift("people")).containsExactly(text);
        assertThat(drift("above")).containsExactly("null");
        assertThat(nicol.rows("ann", "SELECT drift FROM nicol.information_schema.views WHERE table_name = 'people'"))
                .containsExactly("null");
        await().untilAsserted(() ->
                assertThat(events("view_drifted", "people")).containsExactly("virtual.v.people: " + text));

        // what does not fit is refused, and never cut off or rounded
        source(crm, "INSERT INTO people VALUES (5000000000, 'Bob', NULL, NULL), (2, 'Bartholomew', NULL, NULL)");
        assertData("SELECT id FROM virtual.v.people");
        assertData("SELECT name FROM virtual.v.people");
        assertData("SELECT plus_one FROM virtual.v.above");
        assertThat(nicol.rows("steve", "SELECT mail FROM virtual.v.people WHERE mail IS NOT NULL"))
                .containsExactly("ann@x.org");
        source(crm, "DELETE FROM people WHERE id > 1", "UPDATE people SET born = '1990-01-02 03:04:05'");
        assertData("SELECT born FROM virtual.v.people");
        source(crm, "UPDATE people SET born = '1990-01-02'");

        // neither a start nor another look tells it again
        nicol = nicol.restart();
        reload();
        assertThat(nicol.rows("steve", "SELECT id FROM virtual.v.people")).containsExactly("1");
        steward("CREATE OR REPLACE VIEW virtual.v.people AS SELECT id, name, mail, born FROM crm.public.people");
        assertThat(drift("people")).containsExactly("null");
        assertThat(nicol.rows(
                        "steve",
                        "SELECT data_type FROM nicol.information_schema.columns"
                                + " WHERE table_schema = 'v' AND table_name = 'people' AND column_name = 'id'"))
                .containsExactly("BIGINT");
        assertThat(events("view_drifted", "people")).hasSize(1);
    }

    @Test
    void rulesOnAViewSeeTheTypesOfTheDefinition() throws SQLException {
        source(
                crm,
                "CREATE TABLE ruled (id INTEGER, name VARCHAR(5))",
                "INSERT INTO ruled VALUES (1, 'Ann'), (4, 'Cy')");
        reload();
        steward("CREATE VIEW virtual.v.ruled AS SELECT id, name FROM crm.public.ruled");
        steward("CREATE VIEW virtual.v.joined_ruled AS SELECT r.id, r.name, o.id AS pet FROM virtual.v.ruled r"
                + " JOIN crm.public.pets o ON o.owner = r.id");
        assertThat(nicol.rows("ann", "SELECT * FROM virtual.v.ruled")).containsExactly("1|A**");
        source(crm, "ALTER TABLE ruled ALTER COLUMN id TYPE BIGINT, ALTER COLUMN name TYPE VARCHAR(50)");
        reload();
        assertThat(nicol.rows("ann", "SELECT * FROM virtual.v.ruled")).containsExactly("1|A**");
        assertThat(nicol.rows("ann", "SELECT name, pet FROM virtual.v.joined_ruled"))
                .containsExactly("A**|7");
        assertThat(nicol.rows("ann", "SELECT COUNT(*), MAX(name) FROM virtual.v.ruled GROUP BY id"))
                .containsExactly("1|A**");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT DISTINCT column_name, access, mask FROM nicol.audit.column_access"
                                + " WHERE catalog_name = 'crm' AND table_name = 'ruled' AND access = 'read'"))
                .contains("name|read|null", "id|read|null");
        source(crm, "INSERT INTO ruled VALUES (2, 'Bartholomew')");
        assertThatThrownBy(() -> nicol.rows("ann", "SELECT name FROM virtual.v.ruled"))
                .hasMessageContaining("of view `virtual.v.ruled` does not fit VARCHAR(5)")
                .hasMessageNotContaining("Barth");
    }

    @Test
    void numbersAndTextsOfMariadbToo() throws SQLException {
        String schema = nicol.rows(
                        "steve",
                        "SELECT table_schema FROM nicol.information_schema.tables WHERE table_name = 'orders' AND table_catalog = 'shop'")
                .get(0);
        steward("CREATE VIEW virtual.v.orders AS SELECT id, amount, note FROM shop." + schema + ".orders");
        source(shop, "ALTER TABLE orders MODIFY amount DECIMAL(14, 4), MODIFY note VARCHAR(40), MODIFY id BIGINT");
        reload();
        assertThat(nicol.rows("steve", "SELECT * FROM virtual.v.orders")).containsExactly("1|5.50|first");
        source(shop, "UPDATE orders SET amount = 5.5055");
        assertData("SELECT amount FROM virtual.v.orders");
        source(shop, "UPDATE orders SET amount = 5.5, note = 'as long as it gets'");
        assertData("SELECT note FROM virtual.v.orders");
        assertThat(nicol.rows("steve", "SELECT amount FROM virtual.v.orders")).containsExactly("5.50");
    }

    @Test
    void aStarGetsNoNewColumns() throws SQLException {
        steward("CREATE VIEW virtual.v.wide AS SELECT * FROM crm.public.wide");
        steward(
                "CREATE VIEW virtual.v.joined AS SELECT * FROM crm.public.pets p JOIN crm.public.wide w ON w.a = p.owner");
        steward("CREATE VIEW virtual.v.top AS SELECT * FROM virtual.v.wide");
        source(crm, "ALTER TABLE pets ADD COLUMN b VARCHAR(9) DEFAULT 'pet'", "ALTER TABLE wide ADD COLUMN c INTEGER");
        reload();
        assertThat(nicol.rows("steve", "SELECT * FROM virtual.v.wide")).containsExactly("1|x");
        assertThat(nicol.rows("steve", "SELECT * FROM virtual.v.top")).containsExactly("1|x");
        // `b` is what it was: a column of another table
        assertThat(nicol.rows("steve", "SELECT * FROM virtual.v.joined")).containsExactly("7|1|1|x");
        assertThat(nicol.rows("steve", "SELECT * FROM crm.public.wide")).containsExactly("1|x|null");
        assertThat(nicol.rows("nora", "SELECT * FROM virtual.v.wide")).containsExactly("x");
        assertThat(nicol.rows("nora", "SELECT * FROM virtual.v.top")).containsExactly("x");
        assertThat(drift("wide")).containsExactly("`*` leaves out the new column `c` of `crm.public.wide`.");
        assertThat(drift("top")).containsExactly("null");
        Path directory = nicol.directory();
        nicol.close();
        assertThat(check(directory))
                .contains(
                        "warning: view `virtual.v.wide` is not what it was defined as. `*` leaves out the new column `c`");
        nicol = TestNicol.startAgain(directory);
        // a server has the store to itself
        assertThat(check(directory)).doesNotContain("virtual.v.wide");
        source(crm, "ALTER TABLE wide DROP COLUMN b");
        reload();
        assertThatThrownBy(() -> nicol.rows("ann", "SELECT a FROM virtual.v.wide"))
                .hasMessageContaining("There is no column `b` in `crm.public.wide`");
    }

    /** What {@code nicol check} prints of problems and warnings. */
    private static String check(Path directory) {
        StringWriter err = new StringWriter();
        String config = directory.resolve("nicol.yaml").toString();
        assertThat(Nicol.run(
                        new PrintWriter(new StringWriter()), new PrintWriter(err, true), "check", "--config", config))
                .as(err.toString())
                .isZero();
        return err.toString();
    }

    private List<String> drift(String view) throws SQLException {
        return nicol.rows(
                "steve", "SELECT drift FROM nicol.information_schema.views WHERE table_name = '" + view + "'");
    }

    private List<String> events(String kind, String view) throws SQLException {
        return nicol.rows(
                "audra",
                "SELECT detail FROM nicol.audit.events WHERE kind = '" + kind + "' AND detail LIKE 'virtual.v." + view
                        + ":%'");
    }

    private void assertData(String sql) {
        assertThatThrownBy(() -> nicol.rows("steve", sql))
                .as(sql)
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .as(failure.getMessage())
                        .isEqualTo("22000"));
    }

    private void reload() throws SQLException {
        nicol.rows("steve", "CALL nicol.reload()");
    }

    private void steward(String sql) throws SQLException {
        nicol.update("steve", sql);
    }

    private static void source(SourceDefinition source, String... statements) {
        TestDatabases.execute(source.url(), source.user(), source.password(), statements);
    }
}
