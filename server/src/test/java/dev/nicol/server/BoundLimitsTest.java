package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers of rows that are bound, on every kind of source and in the engine; as PostgreSQL 15 has it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BoundLimitsTest {
    private Map<String, SourceDefinition> sources;
    private TestNicol nicol;

    @BeforeAll
    void start() throws SQLException {
        sources = Stream.of(
                        TestDatabases.postgres("postgresql"),
                        TestDatabases.mariadb("mysql"),
                        TestDatabases.h2("h2"),
                        TestDatabases.duckdb("duckdb"))
                .collect(Collectors.toMap(SourceDefinition::name, Function.identity()));
        for (SourceDefinition source : sources.values()) {
            TestDatabases.execute(
                    source.url(),
                    source.user(),
                    source.password(),
                    "CREATE TABLE n (id INTEGER)",
                    "INSERT INTO n VALUES (1), (2), (3), (4)");
        }
        nicol = TestNicol.start(List.copyOf(sources.values()), """
                users:
                  steve: {password: "$HASH", groups: [stewards], roles: [auditor]}
                """, """
                grants:
                  - {name: stewards, tables: ["**"], actions: [select, delete], raw: ["*"], to: {groups: [stewards]}}
                """, "classification: {mask_by_default: false}");
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    /** The rows as one text, or the state of the refusal and its words. */
    private String answer(String sql, @Nullable Object... values) {
        try (Connection connection = nicol.connect("steve");
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            try (ResultSet rows = statement.executeQuery()) {
                return String.join(" ", TestNicol.rows(rows));
            }
        } catch (SQLException refused) {
            return refused.getSQLState() + " " + refused.getMessage().replaceAll("(?s).*Remote driver error: ", "");
        }
    }

    private String table(String source) {
        return source + "." + TestDatabases.schema(sources.get(source)) + ".n";
    }

    /** A query of each source, and one that the engine answers. */
    private String query(String where) {
        return where.equals("engine")
                ? "SELECT a.id FROM " + table("h2") + " a JOIN " + table("postgresql") + " b ON a.id = b.id ORDER BY 1"
                : "SELECT id FROM " + table(where) + " ORDER BY 1";
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgresql", "mysql", "h2", "duckdb", "engine"})
    void areNotNegative(String where) {
        String query = query(where);
        assertThat(answer(query + " LIMIT ? OFFSET ?", 2, 1)).isEqualTo("2 3");
        assertThat(answer(query + " LIMIT ?", -1)).isEqualTo("2201W " + LIMIT.formatted(1, -1));
        assertThat(answer(query + " FETCH FIRST ? ROWS ONLY", -7)).isEqualTo("2201W " + LIMIT.formatted(1, -7));
        assertThat(answer(query + " LIMIT ? OFFSET ?", 1, -2)).isEqualTo("2201X " + OFFSET.formatted(2, -2));
        assertThat(answer(query + " OFFSET ? ROWS", -2)).isEqualTo("2201X " + OFFSET.formatted(1, -2));
        assertThat(answer("SELECT COUNT(*) FROM (" + query + " LIMIT ?) x WHERE id > ?", -1, -1))
                .isEqualTo("2201W " + LIMIT.formatted(1, -1));
        assertThat(answer("SELECT COUNT(*) FROM (" + query + " LIMIT ?) x WHERE id > ?", 3, -1))
                .isEqualTo("3");
    }

    private static final String LIMIT =
            "Parameter %d is the number of rows of a LIMIT or FETCH, and is `%d`. Bind 0 or more, or NULL for no limit.";
    private static final String OFFSET =
            "Parameter %d is the number of rows of an OFFSET, and is `%d`. Bind 0 or more, or NULL for none.";

    @ParameterizedTest
    @ValueSource(strings = {"postgresql", "mysql", "h2", "duckdb", "engine"})
    void thatAreNullAreNone(String where) {
        String query = query(where);
        assertThat(answer(query + " LIMIT ?", (Object) null)).isEqualTo("1 2 3 4");
        assertThat(answer(query + " LIMIT ? OFFSET ?", null, 2)).isEqualTo("3 4");
        assertThat(answer(query + " LIMIT ? OFFSET ?", 1, null)).isEqualTo("1");
        assertThat(answer(query + " OFFSET ? ROWS FETCH NEXT ? ROWS ONLY", null, null))
                .isEqualTo("1 2 3 4");
    }

    @Test
    void nothingRunsAtASource() throws SQLException {
        String query = query("postgresql") + " LIMIT ?";
        assertThat(answer(query, -3)).startsWith("2201W");

        assertThat(
                        nicol.rows(
                                "steve",
                                "SELECT s.outcome, s.sqlstate, COUNT(q.statement_id) FROM nicol.audit.statements s LEFT JOIN"
                                        + " nicol.audit.source_queries q ON q.statement_id = s.statement_id WHERE s.sql_text = '"
                                        + query
                                        + "' GROUP BY s.statement_id, s.outcome, s.sqlstate ORDER BY s.statement_id DESC LIMIT 1"))
                .containsExactly("failed|2201W|0");
    }
}
