package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The project's own policy scenarios, run by {@code nicol policy test} as any steward runs theirs. */
class PolicyScenariosTest {
    private static final Path SCENARIOS = Path.of("src/test/resources/policy-scenarios");

    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @ValueSource(strings = {"postgresql", "h2"})
    void theProjectsOwnScenariosHold(String kind) throws SQLException {
        Path config = configuration(kind.equals("h2") ? TestDatabases.h2("hr") : TestDatabases.postgres("hr"));

        assertThat(run(config, SCENARIOS)).as(err.toString()).isZero();
        assertThat(out.toString()).isEqualToIgnoringNewLines("13 of 13 scenarios hold");
    }

    @Test
    void aScenarioThatDoesNotHoldSaysWhatCameInstead() throws SQLException, IOException {
        Path config = configuration(TestDatabases.h2("hr"));
        Files.writeString(directory.resolve("wrong.yaml"), """
                scenarios:
                  - {name: all rows, given: {user: alice}, when: "SELECT id FROM hr.public.emp ORDER BY id", then: {rows: [[1], [2]]}}
                  - {name: refused, given: {user: alice}, when: "SELECT id FROM hr.public.emp", then: {error: 42P01}}
                  - {name: dropped, given: {user: alice}, when: "DELETE FROM hr.public.emp", then: {verdict: allowed}}
                  - {name: nobody, given: {user: nobody}, when: "SELECT 1", then: {count: 1}}
                """);

        assertThat(run(config, directory)).isEqualTo(1);
        assertThat(out.toString()).isEqualToIgnoringNewLines("0 of 4 scenarios hold");
        assertThat(err.toString().lines().map(line -> line.replace(directory + "/", "")))
                .containsExactly(
                        "wrong.yaml:2: all rows — expected rows [[1], [2]], got [[1], [3]]",
                        "wrong.yaml:3: refused — expected 42P01, got 2 rows",
                        "wrong.yaml:4: dropped — expected verdict allowed, got denied",
                        "wrong.yaml:5: nobody — expected no refusal, got 42501: There is no user or agent `nobody`."
                                + " Correct the name.");
    }

    @Test
    void mistakesInScenariosAreToldAllAtOnce() throws SQLException, IOException {
        Path config = configuration(TestDatabases.h2("hr"));
        Files.writeString(directory.resolve("bad.yaml"), """
                scenarios:
                  - {name: a, given: {usr: alice}, when: "SELECT 1", then: {rows: 1}}
                  - {given: {user: alice}, then: {verdict: maybe}}
                """);

        assertThat(run(config, directory)).isEqualTo(1);
        assertThat(err.toString())
                .contains("bad.yaml:2: ", "`usr`", "bad.yaml:3: `name` is missing", "`when` is missing", "maybe");
        assertThat(run(config, directory.resolve("nothing"))).isEqualTo(1);
        assertThat(err.toString()).contains("no such directory of scenarios");
    }

    private int run(Path config, Path scenarios) {
        return Nicol.run(
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                "policy",
                "test",
                "--config",
                config.toString(),
                scenarios.toString());
    }

    private static Path configuration(SourceDefinition hr) throws SQLException {
        try (Source direct = new Source(hr);
                Connection connection = direct.connection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE emp (id INTEGER PRIMARY KEY, name VARCHAR(40), region VARCHAR(10),"
                    + " salary INTEGER, ssn VARCHAR(20))");
            statement.execute("INSERT INTO emp VALUES (1, 'Ann', 'EU', 100, '111-11-1111'),"
                    + " (2, 'Bob', 'US', 200, '222-22-2222'), (3, 'Cid', 'EU', 300, '333-33-3333'),"
                    + " (4, 'Dee', 'US', 0, '444-44-4444')");
        }
        return TestNicol.files(List.of(hr), """
                users:
                  alice: {password: "$HASH", groups: [analysts]}
                  steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                  dora: {password: "$HASH", groups: [dba]}
                  mallory: {password: "$HASH"}
                agents:
                  scorer: {password: "$HASH", acts_for: [alice], purposes: [fraud-scoring]}
                """, """
                grants:
                  - {name: analysts, tables: ["hr.public.*"], actions: [select, update, delete], to: {groups: [analysts]}}
                  - {name: stewards, tables: ["hr.**"], actions: [select, drop], raw: ["*"], to: {groups: [stewards]}}
                row_filters:
                  - {name: own-region, tables: ["hr.*.emp"], to: {groups: [analysts]}, where: "region = 'EU'"}
                column_masks:
                  - {name: ssn-last4, columns: ["hr.*.emp.ssn"], except: {groups: [stewards]}, mask: {kind: partial, last: 4}}
                  - {name: no-salary, columns: ["hr.*.emp.salary"], except: {groups: [stewards]}, mask: {kind: "null"}}
                guardrails:
                  - {name: no-unbounded-writes, statements: [delete, update], check: unbounded_write, action: deny}
                  - {name: drop-needs-a-second-look, statements: [drop], action: hold, approvers: {groups: [dba]}}
                """, "").resolve("nicol.yaml");
    }
}
