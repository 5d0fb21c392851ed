package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What somebody reads who does it wrong for the first time. */
@Timeout(120)
class StrangerTest {
    private static TestNicol nicol;

    @BeforeAll
    static void start() {
        SourceDefinition shop = TestDatabases.h2("shop");
        TestDatabases.execute(
                shop.url(),
                "sa",
                "",
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40), salary INTEGER)",
                "CREATE TABLE salaries (id INTEGER PRIMARY KEY, amount INTEGER)");
        nicol = TestNicol.start(List.of(shop), "users: {alice: {password: \"$HASH\", groups: [analysts]}}\n", """
                grants:
                  - {name: customers, tables: ["shop.public.customers"], actions: [select], columns: {deny: [salary]}, to: {groups: [analysts]}}
                """);
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    static String[][] mistakes() {
        return new String[][] {
            {
                "SELECT * FROM shop.public.custmers",
                "42P01",
                "There is no table `shop.public.custmers` (line 1, column 15). Did you mean `shop.PUBLIC.CUSTOMERS`?"
            },
            {
                "SELECT * FROM shop.public.salarie",
                "42P01",
                "There is no table `shop.public.salarie` (line 1, column 15). nicol.information_schema lists what you can see."
            },
            {
                "SELECT * FROM shop.public.salaries",
                "42P01",
                "There is no table `shop.public.salaries` (line 1, column 15). nicol.information_schema lists what you can see."
            },
            {
                "SELECT nam FROM shop.public.customers",
                "42703",
                "There is no column `nam` (line 1, column 8). Did you mean `NAME`?"
            },
            {
                "SELECT salar FROM shop.public.customers",
                "42703",
                "There is no column `salar` (line 1, column 8). nicol.information_schema lists what you can see."
            },
            {
                "SELECT salary FROM shop.public.customers",
                "42703",
                "There is no column `salary` (line 1, column 8). nicol.information_schema lists what you can see."
            },
            {
                "SELECT c.nam FROM shop.public.customers c",
                "42703",
                "There is no column `nam` (line 1, column 10). Did you mean `NAME`?"
            },
            {
                "SELECT x.id FROM (VALUES (1)) AS x (n)",
                "42703",
                "There is no column `id` (line 1, column 10). nicol.information_schema lists what you can see."
            },
            {"REFRESH VIEW shop.public.customers", "42601", "what stands here is no query"},
            {"SELECT id FROM shop.public.customers; DELETE FROM shop.public.customers", "0A000", "one statement"},
            {"SELEC id FROM shop.public.customers", "42601", "`SELEC`"},
            {"SELECT id FRM shop.public.customers", "42601", "line 1, column"},
            {"SELECT (1", "42601", "line 1, column"},
            {"", "42601", "empty"},
            {"   ", "42601", "empty"},
            {"-- nothing", "42601", "empty"},
            {
                "MERGE INTO shop.public.customers AS t USING (VALUES (1)) AS s(i) ON t.id = s.i WHEN MATCHED THEN UPDATE SET name = 'x'",
                "0A000",
                "MERGE"
            },
            {"SELECT frobnicate(id) FROM shop.public.customers", "0A000", "There is no function"},
            {"SELECT id, COUNT(*) FROM shop.public.customers", "42000", "'id' is not being grouped"},
            {"INSERT INTO shop.public.customers VALUES (1, 'x')", "42501", "grant"},
            {"CREATE USER bob", "0A000", "`CREATE USER`"},
            {"USE shop", "0A000", "SET schema"},
            {"SHOW TABLES", "0A000", "information_schema"},
            {"BEGIN", "0A000", "autocommit"}
        };
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void messagesHelp(String sql, String sqlState, String message) {
        SQLException failure = failure(sql);

        assertThat(failure.getMessage()).contains(message);
        assertThat(failure.getSQLState()).isEqualTo(sqlState);
        assertThat(failure.getMessage().replace(sql, ""))
                .doesNotContain("calcite")
                .doesNotContain("Exception");
    }

    private static SQLException failure(String sql) {
        Throwable failure = catchThrowable(() -> nicol.update("alice", sql));
        assertThat(failure).isInstanceOf(SQLException.class);
        return (SQLException) failure;
    }

    @Test
    void aWrongPasswordSaysNoMoreThanThat() {
        for (String[] login : new String[][] {{"alice", "wrong"}, {"nobody", "wrong"}}) {
            Throwable failure = catchThrowable(() -> {
                java.util.Properties info = new java.util.Properties();
                info.setProperty("avatica_user", login[0]);
                info.setProperty("avatica_password", login[1]);
                info.setProperty("authentication", "BASIC");
                java.sql.DriverManager.getConnection("jdbc:avatica:remote:url=" + nicol.url(), info)
                        .close();
            });
            assertThat(failure)
                    .hasMessageEndingWith("The user name or the credentials are not valid. Log in again.")
                    .asString()
                    .contains("28000");
        }
    }

    /** 5 MB of SQL: answered, or refused with what to do, within seconds. */
    @Test
    void aVeryLongStatement() throws SQLException {
        String list = IntStream.range(0, 100_000)
                .mapToObj(i -> "'" + "x".repeat(45) + i + "'")
                .collect(Collectors.joining(","));
        assertThat(list.length()).isGreaterThan(5_000_000);
        Throwable failure = catchThrowable(
                () -> nicol.rows("alice", "SELECT id FROM shop.public.customers WHERE name IN (" + list + ")"));
        if (failure != null) {
            assertThat(failure).isInstanceOfSatisfying(SQLException.class, refused -> {
                assertThat(refused.getSQLState()).isIn("53200", "0A000", "42601");
                assertThat(refused.getMessage().length()).isLessThan(6_000_000);
            });
        }
        assertThat(nicol.rows("alice", "VALUES (1)")).containsExactly("1");
    }

    @Test
    void aBodyThatIsTooLarge() throws IOException, InterruptedException, SQLException {
        String login =
                Base64.getEncoder().encodeToString(("alice:" + TestNicol.PASSWORD).getBytes(StandardCharsets.UTF_8));
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(nicol.url()))
                                .header("Authorization", "Basic " + login)
                                .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[11 * 1024 * 1024]))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isBetween(400, 500);
        assertThat(answer.body()).contains("max_request_bytes");
        try (Connection connection = nicol.connect("alice");
                Statement statement = connection.createStatement()) {
            assertThat(statement.execute("VALUES (1)")).isTrue();
        }
    }
}
