package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** That H2 computes a sub-query once a statement, not once a row of what is around it. */
public class H2EvaluationsTest {
    private static final int ROWS = 300;
    private static final AtomicInteger EVALUATIONS = new AtomicInteger();

    private final SourceDefinition h2 = TestDatabases.h2("h2");

    /** Called by H2 for every row of the view {@code counted} that it computes. */
    public static int evaluated(int id) {
        EVALUATIONS.incrementAndGet();
        return id;
    }

    @BeforeEach
    void fill() {
        TestDatabases.execute(
                h2.url(),
                h2.user(),
                h2.password(),
                "CREATE ALIAS evaluated DETERMINISTIC FOR '" + getClass().getName() + ".evaluated'",
                "CREATE TABLE t (id INTEGER NOT NULL, name VARCHAR(20))",
                "INSERT INTO t SELECT x, 'n' || x FROM SYSTEM_RANGE(1, " + ROWS + ")",
                "CREATE VIEW counted AS SELECT evaluated(id) AS id FROM t");
    }

    @Test
    void aSubQueryOnce() throws SQLException {
        try (TestNicol nicol = TestNicol.start(
                List.of(h2),
                "users:\n  ann: {password: \"$HASH\"}\n",
                "grants: [{name: all, tables: [\"h2.**\"], actions: [select], to: {users: [ann]}}]\n")) {
            EVALUATIONS.set(0);
            assertThat(nicol.rows(
                            "ann",
                            "SELECT name FROM h2.PUBLIC.t WHERE id >= (SELECT MAX(id) - 1 FROM h2.PUBLIC.counted)"))
                    .containsExactlyInAnyOrder("n299", "n300");
            assertThat(EVALUATIONS.get()).isLessThanOrEqualTo(2 * ROWS);

            EVALUATIONS.set(0);
            assertThat(nicol.rows(
                            "ann",
                            "SELECT COUNT(*) FROM h2.PUBLIC.t JOIN (SELECT DISTINCT id + 1 AS n FROM h2.PUBLIC.counted) c"
                                    + " ON t.id < c.n"))
                    .containsExactly("45150");
            assertThat(EVALUATIONS.get()).isLessThanOrEqualTo(2 * ROWS);
        }
    }
}
