package dev.nicol.server.tpcds;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * TPC-DS over PostgreSQL, MariaDB and views over them, against one PostgreSQL that holds all tables: none of its queries is
 * refused, none answers otherwise. {@link TpcdsRun} does it with more rows, and tells times.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TpcdsTest {
    private static final double SCALE = 0.01;
    private static final int SHARE = 4;
    private static final int SECONDS = 30;

    private final List<TpcdsResult> results = new ArrayList<>();
    private TpcdsDatabases databases;

    @BeforeAll
    void start() throws SQLException {
        databases = TpcdsDatabases.start(SCALE, SHARE, TpcdsDatabases.Layout.SPREAD);
    }

    @AfterAll
    void stop() throws SQLException {
        if (databases != null) {
            System.out.println(TpcdsResult.count(results));
            databases.close();
        }
    }

    static IntStream queries() {
        return IntStream.rangeClosed(1, TpcdsQueries.COUNT);
    }

    @ParameterizedTest(name = "query {0}")
    @MethodSource("queries")
    void answersAsOneDatabaseThatHoldsAllTables(int number) throws SQLException {
        TpcdsResult result = TpcdsResult.of(databases, number, SECONDS, false);

        results.add(result);
        assertThat(result.same()).as(result.toString()).isTrue();
    }
}
