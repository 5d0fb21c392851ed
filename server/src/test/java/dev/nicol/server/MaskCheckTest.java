package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A source that computes masks wrongly shows nothing; the others work. */
class MaskCheckTest {
    private static final String USERS = """
            users:
              ann: {password: "$HASH", groups: [readers], roles: [auditor]}
            """;

    private static final String POLICY = """
            grants:
              - {name: all, tables: ["*.*.t"], actions: [select], to: {groups: [readers]}}
            column_masks:
              - {name: last, columns: ["*.*.t.name"], mask: {kind: partial, last: 2}}
            """;

    private final SourceDefinition good = h2("good");
    private final SourceDefinition bad = h2("bad");

    /** H2 lets a function of one's own stand in front of a built-in one, when its URL says so. */
    private static SourceDefinition h2(String name) {
        SourceDefinition plain = TestDatabases.h2(name);
        SourceDefinition definition = new SourceDefinition(
                name, "h2", plain.url() + ";BUILTIN_ALIAS_OVERRIDE=TRUE", "sa", "", "development", Map.of(), 4);
        execute(definition, "CREATE TABLE t (name VARCHAR(20))", "INSERT INTO t VALUES ('secret')");
        return definition;
    }

    private static void execute(SourceDefinition definition, String... statements) {
        TestDatabases.execute(definition.url(), definition.user(), definition.password(), statements);
    }

    private static final String WRONG =
            "CREATE ALIAS REGEXP_REPLACE AS 'String wrong(String text, String from, String to) { return text; }'";

    @Test
    void itsTablesAreDisabledAndItComesBackWhenMended() throws SQLException, IOException {
        execute(bad, WRONG);
        try (TestNicol nicol = TestNicol.start(List.of(good, bad), USERS, POLICY)) {
            assertThat(nicol.rows("ann", "SELECT name FROM good.PUBLIC.t")).containsExactly("****et");
            assertThatThrownBy(() -> nicol.rows("ann", "SELECT name FROM bad.PUBLIC.t"))
                    .isInstanceOfSatisfying(SQLException.class, failure -> {
                        assertThat(failure.getSQLState()).isEqualTo("NS001");
                        assertThat(failure.getMessage())
                                .contains(
                                        "`bad`", "computes masks wrongly", "`partial` of VARCHAR", "other sources work")
                                .doesNotContain("secret");
                    });
            assertThat(nicol.rows("ann", "SELECT detail FROM nicol.audit.events WHERE kind = 'mask_check_failed'"))
                    .singleElement()
                    .asString()
                    .contains("`bad`", "`partial` of VARCHAR");
            StringWriter err = new StringWriter();
            String config = nicol.directory().resolve("nicol.yaml").toString();
            int code = Nicol.run(new PrintWriter(err), new PrintWriter(err, true), "check", "--config", config);
            assertThat(code).isEqualTo(1);
            assertThat(err.toString().lines()).singleElement().asString().contains("`bad`", "computes masks wrongly");

            execute(bad, "DROP ALIAS REGEXP_REPLACE");
            Awaitility.await().atMost(Duration.ofSeconds(20)).ignoreExceptions().untilAsserted(() -> assertThat(
                            nicol.rows("ann", "SELECT name FROM bad.PUBLIC.t"))
                    .containsExactly("****et"));
        }
    }

    @Test
    void aNewPolicyIsCheckedWhenItIsLoaded() throws SQLException, IOException {
        try (TestNicol nicol = TestNicol.start(List.of(good, bad), USERS, POLICY)) {
            assertThat(nicol.rows("ann", "SELECT name FROM bad.PUBLIC.t")).containsExactly("****et");
            execute(bad, WRONG);
            Files.writeString(
                    nicol.directory().resolve("policies/policy.yaml"), POLICY.replace("last: 2", "first: 1, last: 2"));
            Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThatThrownBy(
                            () -> nicol.rows("ann", "SELECT name FROM bad.PUBLIC.t"))
                    .hasMessageContaining("computes masks wrongly"));
            assertThat(nicol.rows("ann", "SELECT name FROM good.PUBLIC.t")).containsExactly("s***et");
        }
    }
}
