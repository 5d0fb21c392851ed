package dev.nicol.server.differential;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.server.differential.KnownFilter.Reader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** Statements over policies stated by hand, asked as a reader, as a steward over the reader's copy, and over what is stored. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class KeptStatements {
    Bench bench;

    @BeforeAll
    void start() {
        List<KnownFilter> filters = KnownFilter.ALL.stream()
                .filter(filter -> filter.sql().startsWith("EXISTS")
                        || filter.sql().startsWith("region NOT IN (SELECT")
                        || filter.sql().startsWith("person = 1 OR"))
                .toList();
        Reader reader = new Reader("r0", "EU", false, List.of("EU", "US"), 3);
        bench = Bench.start(new byte[32], List.of(new Rights(reader, filters, Map.of(), Set.of())));
    }

    @AfterAll
    void stop() {
        if (bench != null) {
            bench.close();
        }
    }

    final List<String> rows(Deployment deployment, String sql) throws SQLException {
        try (Connection connection = bench.connect("r0");
                Statement governed = connection.createStatement()) {
            return Outcome.of(governed, bench.located(sql, deployment, null), List.of())
                    .rows();
        }
    }

    /** The same for both, and these rows in any order over the stored tables. */
    final void answers(Deployment deployment, String sql, String... rows) throws SQLException {
        same(deployment, sql);
        assertThat(stored(deployment, sql).rows()).as(sql).containsExactlyInAnyOrder(rows);
    }

    /** What a steward gets of the stored tables. */
    final Outcome stored(Deployment deployment, String sql) throws SQLException {
        try (Connection raw = bench.connect(Bench.STEWARD);
                Statement statement = raw.createStatement()) {
            return Outcome.of(statement, bench.located(sql, deployment, null), List.of());
        }
    }

    final void same(Deployment deployment, String sql) throws SQLException {
        Rights rights = bench.readers().get(0);
        try (Connection governed = bench.connect("r0");
                Connection raw = bench.connect(Bench.STEWARD)) {
            Comparison comparison = new Comparison(bench, deployment, rights, governed, raw);
            Generator.Statement statement = new Generator.Statement(Part.fixed(sql), false, false);
            Comparison.Answers answers = comparison.of(statement);
            assertThat(answers.difference()).as(answers.toString()).isNull();
            assertThat(answers.governed().failed()).as(answers.toString()).isFalse();
        }
    }
}
