package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.adapters.testing.TestPostgres;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a look-up by key costs its source: one statement, prepared once, and no transaction. */
final class LookUpsAtSourceTest {
    private static TestNicol nicol;
    private static String login;

    @BeforeAll
    static void start() {
        SourceDefinition postgres = TestDatabases.postgres("pg");
        login = "looking_" + postgres.url().replaceFirst(".*/", "");
        TestDatabases.execute(
                postgres.url(),
                "postgres",
                "",
                "CREATE ROLE " + login + " LOGIN",
                "ALTER ROLE " + login + " SET log_statement = 'all'",
                "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(10))",
                "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 3000) AS i",
                "GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + login);
        SourceDefinition source =
                new SourceDefinition("pg", postgres.kind(), postgres.url(), login, "", "development", Map.of(), 4);
        nicol = TestNicol.start(List.of(source), """
                users:
                  ann: {password: "$HASH", groups: [readers]}
                  bob: {password: "$HASH", groups: [readers]}
                """, """
                grants:
                  - {name: all, tables: ["pg.**"], actions: [select], to: {groups: [readers]}}
                """, "classification: {mask_by_default: false}");
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    private static List<String> rows(PreparedStatement statement, int id) throws SQLException {
        statement.setInt(1, id);
        try (ResultSet rows = statement.executeQuery()) {
            return TestNicol.rows(rows);
        }
    }

    private static List<String> logged(String comment) throws IOException {
        try (Stream<String> lines = Files.lines(TestPostgres.running().log())) {
            return lines.filter(line -> line.contains(comment)).toList();
        }
    }

    @Test
    void aRowByItsKeyNeedsNoTransactionAndAScanDoes() throws SQLException, IOException {
        List<String> seen = new ArrayList<>();
        try (Connection ann = nicol.connect("ann", "purpose", "by-key");
                PreparedStatement byKey = ann.prepareStatement("SELECT v FROM pg.public.t WHERE id = ?")) {
            for (int i = 1; i <= 10; i++) {
                seen.addAll(rows(byKey, i));
            }
        }
        assertThat(seen).containsExactly("v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10");
        List<String> statements = logged("nicol_purpose='by-key'");
        assertThat(statements).hasSize(10).allMatch(line -> line.contains("execute "));
        // a portal is named where rows are fetched by cursor
        assertThat(statements).noneMatch(line -> line.matches(".*execute [^:]*/C_.*"));

        try (Connection ann = nicol.connect("ann", "purpose", "by-scan")) {
            assertThat(TestNicol.rows(ann, "SELECT v FROM pg.public.t")).hasSize(3000);
        }
        assertThat(logged("nicol_purpose='by-scan'")).anyMatch(line -> line.matches(".*execute [^:]*/C_.*"));
    }
}
