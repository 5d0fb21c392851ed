package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Views of files: in force as a whole, or not at all. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ViewFilesTest {
    private static final String GOOD = "CREATE VIEW virtual.files.names AS SELECT id, name FROM crm.public.people;\n";

    private SourceDefinition crm;
    private TestNicol nicol;

    @BeforeAll
    void start() throws IOException {
        crm = TestDatabases.postgres("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(40), phone VARCHAR(20))",
                "INSERT INTO people VALUES (1, 'Ann', '555')");
        Path directory = TestNicol.files(List.of(crm), """
                users:
                  steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                  audra: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: stewards, tables: ["crm.**", "virtual.**"], actions: [select], raw: ["*"], to: {groups: [stewards]}}
                """, "views: views/");
        Files.createDirectory(directory.resolve("views"));
        Files.writeString(directory.resolve("views/a.sql"), GOOD);
        nicol = TestNicol.startAgain(directory);
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @Test
    void filesAreLoadedAllOrNothing() throws Exception {
        String top = "CREATE VIEW virtual.files.top AS\nSELECT name\nFROM names;\n";
        write("b.sql", top);
        await().atMost(Duration.ofSeconds(20)).ignoreExceptions().untilAsserted(() -> assertThat(
                        nicol.rows("steve", "SELECT * FROM virtual.files.top"))
                .containsExactly("Ann"));
        assertThat(check()).isEmpty();

        write("a.sql", GOOD + "CREATE VIEW virtual.files.worse AS SELECT nmae FROM crm.public.people;\n");
        write("b.sql", top + GOOD);
        refused("view `virtual.files.names` is in a.sql too", "b.sql:");
        write("b.sql", "CREATE VIEW virtual.files.other AS SELECT 1 AS one;\n");
        refused("There is no column `nmae` in `crm.public.people`", "a.sql:");
        // nothing of it is in force, and what was is
        assertThat(nicol.rows("steve", "SELECT table_name FROM nicol.information_schema.views"))
                .containsExactlyInAnyOrder("names", "top");
        assertThat(check()).contains("There is no column `nmae` in `crm.public.people`");

        write(
                "a.sql",
                GOOD + "CREATE VIEW virtual.files.loop AS SELECT * FROM virtual.files.pool;\n"
                        + "CREATE VIEW virtual.files.pool AS SELECT * FROM virtual.files.loop;\n");
        refused(
                "`virtual.files.pool` does not hold. It would read itself, by way of the views that it reads.",
                "`virtual.files.loop` does not hold. It would read itself, by way of the views that it reads.");

        write(
                "a.sql",
                GOOD + "CREATE VIEW virtual.files.wrong AS SELECT COUNT(*) AS n,\n  name FROM crm.public.people;\n");
        refused("Expression 'name' is not being grouped (line 2 of its query)", "a.sql:");
        assertThat(check()).contains("Expression 'name' is not being grouped (line 2 of its query)");

        // a source that changes breaks a view, and does not keep files out
        write("a.sql", GOOD + "CREATE VIEW virtual.files.phones AS SELECT phone FROM crm.public.people;\n");
        await().atMost(Duration.ofSeconds(20)).ignoreExceptions().untilAsserted(() -> assertThat(
                        nicol.rows("steve", "SELECT * FROM virtual.files.phones"))
                .containsExactly("555"));
        TestDatabases.execute(crm.url(), crm.user(), crm.password(), "ALTER TABLE people DROP COLUMN phone");
        nicol.rows("steve", "CALL nicol.reload()");
        assertThat(check()).contains("view `virtual.files.phones` does not hold. There is no column `phone`");
        write("b.sql", "CREATE VIEW virtual.files.later AS SELECT 2 AS two;\n");
        await().atMost(Duration.ofSeconds(20)).ignoreExceptions().untilAsserted(() -> assertThat(
                        nicol.rows("steve", "SELECT * FROM virtual.files.later"))
                .containsExactly("2"));
    }

    /** Files that read what the catalogue does not know yet are refused; a reload learns it and takes them. */
    @Test
    void aReloadReadsTheFilesToo() throws Exception {
        TestDatabases.execute(crm.url(), crm.user(), crm.password(), "CREATE TABLE late (id INTEGER)");
        write("late.sql", "CREATE VIEW virtual.files.late AS SELECT id FROM crm.public.late;\n");
        nicol.rows("steve", "CALL nicol.reload()");
        assertThat(nicol.rows("steve", "SELECT COUNT(*) FROM virtual.files.late"))
                .containsExactly("0");

        write("late.sql", "CREATE VIEW virtual.files.late AS SELECT idd FROM crm.public.late;\n");
        assertThat(nicol.rows("steve", "CALL nicol.reload()").get(0))
                .startsWith("reloaded; policy version ")
                .contains("the view files have problems, and the earlier views stay in force:\n")
                .contains("There is no column `idd` in `crm.public.late`");
        Files.delete(nicol.directory().resolve("views/late.sql"));
        nicol.rows("steve", "CALL nicol.reload()");
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(nicol.directory().resolve("views").resolve(file), text);
    }

    private void refused(String... texts) {
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(
                        nicol.rows("audra", "SELECT detail FROM nicol.audit.events WHERE kind = 'views_load_failed'"))
                .anySatisfy(
                        (ThrowingConsumer<String>) detail -> assertThat(detail).contains(texts)));
    }

    /** What {@code nicol check} prints of problems. */
    private String check() {
        StringWriter err = new StringWriter();
        String config = nicol.directory().resolve("nicol.yaml").toString();
        int code =
                Nicol.run(new PrintWriter(new StringWriter()), new PrintWriter(err, true), "check", "--config", config);
        assertThat(code).as(err.toString()).isEqualTo(err.toString().isEmpty() ? 0 : 1);
        return err.toString();
    }
}
