package dev.nicol.server.tpch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.pipeline.StatementKind;
import dev.nicol.server.pipeline.StatementParser;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The fixture itself: data as TPC-H sizes them, queries that one database runs and that our parser reads. */
class TpchTest {
    private static final double SCALE = 0.01;

    @Test
    void onePostgresRunsEveryQuery() throws SQLException {
        try (Connection postgres = connect(TestDatabases.postgres("crm"))) {
            TpchData.load(postgres, SCALE, TpchData.TABLES);
            assertThat(sizes(postgres)).containsExactly(5L, 25L, 2_000L, 100L, 8_000L, 1_500L, 15_000L, 60_175L);

            List<Integer> rows = new ArrayList<>();
            for (int number = 1; number <= TpchQueries.COUNT; number++) {
                rows.add(rows(postgres, TpchQueries.sql(number, table -> "public." + table)));
            }
            // What the queries themselves fix: flags, priorities, ship modes, a single sum.
            assertThat(rows.get(0)).isEqualTo(4);
            assertThat(rows.get(3)).isEqualTo(5);
            assertThat(rows.get(11)).isEqualTo(2);
            for (int single : new int[] {6, 14, 17, 19}) {
                assertThat(rows.get(single - 1)).as("query %d", single).isEqualTo(1);
            }
            assertThat(rows).containsExactly(4, 4, 10, 5, 5, 1, 4, 2, 173, 20, 1, 2, 33, 1, 1, 296, 1, 2, 1, 1, 1, 7);
        }
    }

    @Test
    void everyDatabaseGetsTheSameRows() throws SQLException {
        List<String> tables = List.of("nation", "customer", "partsupp");
        for (SourceDefinition source : List.of(
                TestDatabases.postgres("a"),
                TestDatabases.mariadb("b"),
                TestDatabases.h2("c"),
                TestDatabases.duckdb("d"))) {
            try (Connection connection = connect(source)) {
                TpchData.load(connection, SCALE, tables);
                assertThat(one(connection, "SELECT COUNT(*) FROM customer")).isEqualTo("1500");
                assertThat(one(connection, "SELECT SUM(c_acctbal) FROM customer"))
                        .as(source.kind())
                        .isEqualTo("0");
                assertThat(one(connection, "SELECT MIN(n_name) FROM nation").strip())
                        .isEqualTo("ALGERIA");
                assertThat(one(connection, "SELECT COUNT(*) FROM partsupp")).isEqualTo("8000");
            }
        }
    }

    @Test
    void ourParserReadsEveryQuery() {
        assertThat(IntStream.rangeClosed(1, TpchQueries.COUNT)
                        .mapToObj(number -> TpchQueries.sql(number, table -> "crm.public." + table))
                        .map(sql -> StatementParser.kind(StatementParser.parse(sql))))
                .hasSize(22)
                .containsOnly(StatementKind.SELECT);
        assertThat(TpchData.TABLES.stream()
                        .map(table -> StatementParser.kind(StatementParser.parse(TpchData.create(table)))))
                .containsOnly(StatementKind.CREATE_TABLE);
    }

    private static Connection connect(SourceDefinition source) throws SQLException {
        return DriverManager.getConnection(source.url(), source.user(), source.password());
    }

    private static List<Long> sizes(Connection connection) throws SQLException {
        List<Long> sizes = new ArrayList<>();
        for (String table : TpchData.TABLES) {
            sizes.add(Long.valueOf(one(connection, "SELECT COUNT(*) FROM " + table)));
        }
        return sizes;
    }

    private static String one(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    private static int rows(Connection connection, String sql) throws SQLException {
        int rows = 0;
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            while (row.next()) {
                rows++;
            }
        }
        return rows;
    }
}
