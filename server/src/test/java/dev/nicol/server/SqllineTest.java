package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import sqlline.SqlLine;

/** A person at sqlline, with the stock driver. */
@Timeout(60)
class SqllineTest {
    private static TestNicol nicol;

    @BeforeAll
    static void start() {
        SourceDefinition shop = TestDatabases.postgres("shop");
        TestDatabases.execute(
                shop.url(),
                "postgres",
                "",
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40), ssn TEXT, secret TEXT)",
                "INSERT INTO customers VALUES (1, 'Ann', '111-11-1111', 's'), (2, 'Bjørn', '222-22-2222', 's')",
                "CREATE TABLE salaries (id INTEGER PRIMARY KEY, amount INTEGER)");
        nicol = TestNicol.start(List.of(shop), "users: {alice: {password: \"$HASH\", groups: [analysts]}}\n", """
                grants:
                  - {name: customers, tables: ["shop.public.customers"], actions: [select], columns: {deny: [secret]}, to: {groups: [analysts]}}
                column_masks:
                  - {name: ssn, columns: ["shop.public.customers.ssn"], to: {groups: [analysts]}, mask: {kind: partial, last: 4}}
                """);
    }

    @AfterAll
    static void stop() {
        nicol.close();
    }

    @Test
    void looksAroundAndAsks() throws IOException {
        String output = sqlline(
                "!tables",
                "!describe customers",
                "SELECT * FROM shop.public.customers ORDER BY id;",
                "SELECT COUNT(*) AS n",
                "FROM shop.public.customers;",
                "VALUES (CURRENT_USER);",
                "SELECT * FROM shop.public.salaries;",
                "!schemas",
                "!typeinfo",
                "!columns customers",
                "!primarykeys customers",
                "!dbinfo",
                "!autocommit off",
                "!commit",
                "!autocommit on",
                "!set outputformat csv",
                "SELECT name FROM shop.public.customers ORDER BY id;");

        assertThat(output)
                .contains("customers")
                .contains("| 1  | Ann   | *******1111 |")
                .contains("| 2  | Bjørn | *******2222 |")
                .containsPattern("\\|\\s+2\\s+\\|")
                .contains("| alice ")
                .contains("42P01")
                .contains("'Bjørn'")
                .doesNotContain("secret")
                .doesNotContain("111-11")
                .doesNotContain("NullPointerException")
                .doesNotContain("UnsupportedOperationException");
        // the table that is not granted is named in the question and its refusal only
        assertThat(output.lines().filter(line -> line.contains("salaries") && line.contains("|")))
                .isEmpty();
    }

    private static String sqlline(String... lines) throws IOException {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        SqlLine sqlline = new SqlLine();
        PrintStream stream = new PrintStream(output, true, StandardCharsets.UTF_8);
        sqlline.setOutputStream(stream);
        sqlline.setErrorStream(stream);
        String script = String.join("\n", lines) + "\n!quit\n";
        sqlline.begin(
                new String[] {
                    "-d",
                    "org.apache.calcite.avatica.remote.Driver",
                    "-u",
                    "jdbc:avatica:remote:url=" + nicol.url() + ";authentication=BASIC;avatica_user=alice;"
                            + "avatica_password=" + TestNicol.PASSWORD,
                    "-n",
                    "alice",
                    "-p",
                    TestNicol.PASSWORD,
                    "--maxWidth=400",
                    "--color=false"
                },
                new ByteArrayInputStream(script.getBytes(StandardCharsets.UTF_8)),
                false);
        return output.toString(StandardCharsets.UTF_8);
    }
}
