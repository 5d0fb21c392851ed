package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.Metrics;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What {@code /metrics} says after a few statements, and what documents say of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetricsTest {
    private static final Pattern NAME = Pattern.compile("\\b(?:nicol|cache)_[a-z_]+[a-z]");

    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        SourceDefinition pg = TestDatabases.postgres("pg");
        TestDatabases.execute(
                pg.url(),
                "postgres",
                "",
                "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)",
                "INSERT INTO t SELECT n, 'secret name' FROM generate_series(1, 10) n");
        nicol = TestNicol.start(List.of(pg), """
                users:
                  alice_in_wonderland: {password: "$HASH", groups: [people]}
                """, """
                grants:
                  - {name: people, tables: ["pg.public.*"], actions: [select], raw: ["*"], to: {groups: [people]}}
                """, "audit: {sinks: [{name: kept, kind: file, path: trail.jsonl}]}");
        for (int i = 0; i < 3; i++) {
            assertThat(nicol.rows("alice_in_wonderland", "SELECT * FROM pg.public.t"))
                    .hasSize(10);
        }
        assertThatThrownBy(() -> nicol.rows("alice_in_wonderland", "SELECT nothing FROM pg.public.t"))
                .isInstanceOf(SQLException.class);
        assertThatThrownBy(() -> nicol.update("alice_in_wonderland", "DELETE FROM pg.public.t WHERE id = 1"))
                .isInstanceOf(SQLException.class);
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    private double value(String series) {
        return Metrics.value(nicol.url(), series);
    }

    @Test
    void statementsAreCountedByOutcomeAndTimedByStage() {
        assertThat(value("nicol_statements_seconds_count{outcome=\"succeeded\"}"))
                .isEqualTo(3);
        assertThat(value("nicol_statements_seconds_count{outcome=\"failed\"}")).isEqualTo(1);
        assertThat(value("nicol_statements_seconds_count{outcome=\"denied\"}")).isEqualTo(1);
        assertThat(value("nicol_statements_rows_total")).isEqualTo(30);
        for (String stage : List.of("parse", "validate", "convert", "trace", "guard", "plan", "audit", "first_row")) {
            assertThat(value("nicol_statements_stage_seconds_count{stage=\"" + stage + "\"}"))
                    .as(stage)
                    .isPositive();
        }
        assertThat(value("nicol_statements_stage_seconds_count{stage=\"first_row\"}"))
                .isEqualTo(3);
        assertThat(value("nicol_sources_queries_seconds_count{source=\"pg\"}")).isEqualTo(3);
        assertThat(value("nicol_statements_running")).isZero();
        assertThat(value("nicol_audit_flush_seconds_count")).isPositive();
        await().until(() -> value("nicol_sources_connections{source=\"pg\",state=\"active\"}") == 0);
    }

    @Test
    void nothingTellsWhoOrWhat() {
        assertThat(Metrics.page(nicol.url()))
                .doesNotContain("alice")
                .doesNotContain("secret")
                .doesNotContain("SELECT");
    }

    @Test
    void everythingThatTheDashboardAndTheReferenceNameIsThere() {
        Set<String> there = names(Metrics.page(nicol.url()));
        assertThat(there)
                .containsAll(names(TidyTest.text(TidyTest.ROOT.resolve("docs/guides/grafana-dashboard.json"))));
        String reference = TidyTest.text(TidyTest.ROOT.resolve("docs/reference/metrics.md"));
        for (String name : names(reference)) {
            assertThat(there.stream().anyMatch(served -> served.equals(name) || served.startsWith(name + "_")))
                    .as(name)
                    .isTrue();
        }
        Set<String> documented = names(reference);
        for (String served : there) {
            assertThat(documented.stream().anyMatch(name -> served.equals(name) || served.startsWith(name + "_")))
                    .as(served)
                    .isTrue();
        }
    }

    private static Set<String> names(String text) {
        Set<String> names = new TreeSet<>();
        Matcher found = NAME.matcher(text);
        while (found.find()) {
            names.add(found.group());
        }
        return names;
    }
}
