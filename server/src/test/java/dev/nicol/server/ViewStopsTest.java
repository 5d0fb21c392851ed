package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Views in the record: stops on the way to the tables below them, however they were defined. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ViewStopsTest {
    private static final String USERS = """
            users:
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              alice: {password: "$HASH", groups: [analysts]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICY = """
            grants:
              - {name: all, tables: ["crm.**", "virtual.**"], actions: [select, insert, update, delete, create], raw: ["*"], to: {groups: [stewards]}}
              - {name: some, tables: ["crm.PUBLIC.people", "virtual.**"], actions: [select], to: {groups: [analysts]}}
            row_filters:
              - {name: europe, tables: ["crm.PUBLIC.people"], where: "region = 'EU'", to: {groups: [analysts]}}
              - {name: adults, tables: ["virtual.files.named"], where: "id > 0", to: {groups: [analysts]}}
            column_masks:
              - {name: mail, columns: ["crm.PUBLIC.people.email"], mask: {kind: redact}, to: {groups: [analysts]}}
              - {name: names, columns: ["virtual.files.named.who"], mask: {kind: redact}, to: {groups: [analysts]}}
            """;

    private TestNicol nicol;

    @BeforeAll
    void start() throws IOException, SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        TestDatabases.execute(
                crm.url(),
                "sa",
                "",
                "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(40), email VARCHAR(40), region VARCHAR(40))",
                "INSERT INTO people VALUES (1, 'Ann', 'ann@example.com', 'EU'), (2, 'Bob', 'b@example.com', 'US')",
                "CREATE TABLE copies (mail VARCHAR(40))");
        Path directory =
                TestNicol.files(List.of(crm), USERS, POLICY, "classification: {mask_by_default: false}\nviews: views/");
        Files.createDirectory(directory.resolve("views"));
        Files.writeString(
                directory.resolve("views/named.sql"),
                "CREATE VIEW virtual.files.named AS SELECT id, UPPER(name) AS who FROM crm.PUBLIC.people WHERE id < 10;\n");
        nicol = TestNicol.startAgain(directory);
        nicol.update("steve", "CREATE SCHEMA virtual.s");
        nicol.update("steve", "CREATE VIEW virtual.s.mails AS SELECT id, LOWER(email) AS mail FROM crm.PUBLIC.people");
        nicol.update("steve", "CREATE VIEW virtual.s.few AS SELECT mail AS m FROM virtual.s.mails WHERE id > 0");
    }

    @AfterAll
    void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    @Test
    void aViewStandsBetweenATableAndWhoReadsIt() throws SQLException {
        nicol.rows("steve", "SELECT m FROM virtual.s.few");

        assertThat(edges("steve", "asked"))
                .containsExactlyInAnyOrder(
                        "result.m <- crm.people.email TRANSFORMATION",
                        "result <- crm.people.id FILTER",
                        "result.m <- virtual.few.m IDENTITY");
        assertThat(edges("steve", "ran")).isEqualTo(edges("steve", "asked"));
    }

    @Test
    void whatIsMaskedBelowAViewIsMaskedAboveIt() throws SQLException {
        nicol.rows(
                "alice",
                "WITH x AS (SELECT mail, id FROM virtual.s.mails) SELECT mail || 'x' AS v FROM x WHERE id > 0");

        assertThat(edges("alice", "asked"))
                .containsExactlyInAnyOrder(
                        "result.v <- crm.people.email TRANSFORMATION masked",
                        "result <- crm.people.id FILTER",
                        "result <- crm.people.region POLICY_FILTER",
                        "result.v <- virtual.mails.mail TRANSFORMATION masked",
                        "result <- virtual.mails.id FILTER");
    }

    /** The view's own mask and filter are in its edges; its columns keep their names. */
    @Test
    void rulesOnAViewAreSeenAtTheStop() throws SQLException {
        nicol.rows("alice", "SELECT who FROM virtual.files.named ORDER BY id");

        assertThat(edges("audra", "alice", "asked"))
                .containsExactlyInAnyOrder(
                        "result.who <- crm.people.name TRANSFORMATION masked",
                        "result <- crm.people.id FILTER",
                        "result <- crm.people.id SORT",
                        "result <- crm.people.id POLICY_FILTER",
                        "result <- crm.people.region POLICY_FILTER",
                        "result.who <- virtual.named.who TRANSFORMATION masked",
                        "result <- virtual.named.id SORT",
                        "result <- virtual.named.id POLICY_FILTER");
    }

    @Test
    void subQueriesAndWritesStopAtViewsToo() throws SQLException {
        nicol.update(
                "steve",
                "INSERT INTO crm.PUBLIC.copies (mail) SELECT m FROM virtual.s.few WHERE m IN (SELECT who FROM virtual.files.named)");

        assertThat(edges("steve", "asked"))
                .contains(
                        "crm.public.copies.mail <- crm.people.email TRANSFORMATION",
                        "crm.public.copies.mail <- virtual.few.m IDENTITY",
                        "crm.public.copies <- virtual.few.m FILTER",
                        "crm.public.copies <- virtual.named.who FILTER");

        nicol.update("steve", "DELETE FROM crm.PUBLIC.copies WHERE mail IN (SELECT mail FROM virtual.s.mails)");

        assertThat(edges("steve", "asked"))
                .contains(
                        "crm.public.copies <- virtual.mails.mail FILTER",
                        "crm.public.copies <- crm.people.email FILTER");
    }

    @Test
    void aDefinitionSaysWhereColumnsComeFrom() throws SQLException {
        nicol.update(
                "steve",
                "CREATE VIEW virtual.s.counted AS SELECT m, COUNT(*) AS n, MAX(p.name) AS top FROM virtual.s.few"
                        + " JOIN crm.PUBLIC.people AS p ON p.email = m GROUP BY m");

        assertThat(edges("steve", "asked"))
                .containsExactlyInAnyOrder(
                        "virtual.s.counted.m <- crm.people.email TRANSFORMATION",
                        "virtual.s.counted.top <- crm.people.name AGGREGATION",
                        "virtual.s.counted <- crm.people.id FILTER",
                        "virtual.s.counted <- crm.people.email JOIN",
                        "virtual.s.counted <- crm.people.email GROUP_BY",
                        "virtual.s.counted.m <- virtual.few.m IDENTITY",
                        "virtual.s.counted <- virtual.few.m JOIN",
                        "virtual.s.counted <- virtual.few.m GROUP_BY");
        assertThat(edges("steve", "ran")).isEmpty();
        assertThat(nicol.rows(
                        "audra",
                        "SELECT COUNT(*) FROM nicol.audit.column_access AS a JOIN nicol.audit.statements AS s"
                                + " ON s.statement_id = a.statement_id WHERE s.statement_kind = 'CREATE_VIEW'"))
                .containsExactly("0");
    }

    @Test
    void upstreamOfAViewLeadsToTables() throws SQLException {
        assertThat(upstream("audra", "virtual.s.few.m"))
                .contains(
                        "1 virtual.mails.mail -> virtual.few.m",
                        "1 crm.people.email -> virtual.few.m",
                        "2 crm.people.email -> virtual.mails.mail");
        // no statement defined it
        assertThat(upstream("audra", "virtual.files.named.who"))
                .containsExactly("1 crm.people.name -> virtual.named.who");
        assertThat(upstream("alice", "virtual.files.named.who")).isEmpty();
        assertThat(upstream("steve", "virtual.s.mails.mail"))
                .containsExactly("1 crm.people.email -> virtual.mails.mail");
    }

    @Test
    void whoeverExplainsOrDefinesConsumesNothing() throws SQLException {
        nicol.rows("alice", "EXPLAIN PLAN FOR SELECT region FROM crm.PUBLIC.people");
        nicol.update("steve", "CREATE VIEW virtual.s.regions AS SELECT region FROM crm.PUBLIC.people");

        assertThat(
                        nicol.rows(
                                "audra",
                                "SELECT user_name FROM nicol.lineage.consumers WHERE source_catalog = 'crm' AND LOWER(source_column) = 'region'"))
                .isEmpty();
    }

    private List<String> upstream(String user, String name) throws SQLException {
        return nicol.rows(
                user,
                "SELECT CAST(depth AS VARCHAR) || ' ' || LOWER(source_catalog || '.' || source_table || '.' || source_column)"
                        + " || ' -> ' || LOWER(target_catalog || '.' || target_table || '.' || target_column)"
                        + " FROM TABLE(nicol.lineage.upstream('" + name + "')) WHERE direct");
    }

    private List<String> edges(String user, String phase) throws SQLException {
        return edges("audra", user, phase);
    }

    /** Of the user's last statement. */
    private List<String> edges(String reader, String user, String phase) throws SQLException {
        return nicol.rows(
                reader,
                "SELECT LOWER(e.target || COALESCE('.' || e.target_column, '')) || ' <- ' || LOWER(e.source_catalog || '.' ||"
                        + " e.source_table || '.' || e.source_column) || ' ' || e.kind || TRIM(TRAILING FROM CASE WHEN e.masked"
                        + " THEN ' masked' ELSE '' END) FROM nicol.lineage.edges AS e WHERE e.phase = '" + phase
                        + "' AND e.statement_id = (SELECT MAX(s.statement_id) FROM nicol.audit.statements AS s"
                        + " WHERE s.user_name = '" + user + "')");
    }
}
