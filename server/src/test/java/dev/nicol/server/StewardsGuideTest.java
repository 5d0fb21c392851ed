package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/guides/stewards.md, done as it says: its files, its statements in order, the answers that it prints. */
class StewardsGuideTest {
    private static final Pattern FILE =
            Pattern.compile("```(?:sql|yaml)\\R(?:--|#) ((?:views|policies)/\\S+)\\R(.*?)```", Pattern.DOTALL);
    private static final Pattern STEP = Pattern.compile(
            "(?:As|why, as) `(\\w+)`[^\\n]*:\\R\\R```sql\\R(.*?)```(?:\\R\\R```\\R(.*?)```)?", Pattern.DOTALL);

    @Test
    void theGuideWorks() throws IOException, SQLException {
        SourceDefinition crm = TestDatabases.postgres("crm");
        SourceDefinition shop = TestDatabases.mariadb("shop");
        String guide = TidyTest.text(Path.of("..", "docs", "guides", "stewards.md"))
                .replace("shop.shop.", "shop." + TestDatabases.schema(shop) + ".");
        execute(crm, definition(guide, "customers"));
        execute(
                crm,
                "INSERT INTO customers VALUES (1, 'Ada', 'ada@example.org', 'EU'), (2, 'Bob', 'bob@example.org', 'US'),"
                        + " (3, 'Cleo', 'cleo@example.org', 'EU')");
        execute(shop, definition(guide, "orders"));
        execute(
                shop,
                "INSERT INTO orders VALUES (10, 1, 100, '2026-01-05'), (11, 1, 50, '2026-02-01'), (12, 2, 70, '2026-03-01')");
        Path home = TestNicol.files(List.of(crm, shop), """
                users:
                  steve: {password: "$HASH", groups: [stewards], roles: [steward, auditor]}
                  ana: {password: "$HASH", groups: [sales], attributes: {region: EU}}
                """, "grants: []\n", "");
        Files.delete(home.resolve("policies/policy.yaml"));
        Matcher file = FILE.matcher(guide);
        while (file.find()) {
            Path written = home.resolve(file.group(1));
            Files.createDirectories(written.getParent());
            Files.writeString(written, file.group(2));
        }
        assertThat(check(home)).isEmpty();
        Path views = home.resolve("views/customers.sql");
        String right = Files.readString(views);
        Files.writeString(views, right.replace("c.email", "c.mail"));
        assertThat(check(home)).contains("There is no column `mail`");
        Files.writeString(views, right);

        try (TestNicol nicol = TestNicol.startAgain(home)) {
            Matcher step = STEP.matcher(guide);
            int answered = 0;
            while (step.find()) {
                List<String> answers = answers(nicol, step.group(1), step.group(2));
                if (step.group(3) != null) {
                    answered++;
                    assertThat(answers)
                            .as(step.group(2))
                            .containsExactlyElementsOf(step.group(3).lines().toList());
                }
            }
            assertThat(answered).isEqualTo(6);
        }
    }

    private static String definition(String guide, String table) {
        Matcher definition =
                Pattern.compile("CREATE TABLE " + table + " \\(.*\\);").matcher(guide);
        assertThat(definition.find()).isTrue();
        return definition.group().replace(";", "");
    }

    private static void execute(SourceDefinition source, String statement) {
        TestDatabases.execute(source.url(), source.user(), source.password(), statement);
    }

    private static String check(Path home) {
        StringWriter problems = new StringWriter();
        String config = home.resolve("nicol.yaml").toString();
        Nicol.run(new PrintWriter(new StringWriter()), new PrintWriter(problems, true), "check", "--config", config);
        return problems.toString();
    }

    private static List<String> answers(TestNicol nicol, String user, String statements) throws SQLException {
        List<String> answers = new ArrayList<>();
        try (Connection connection = nicol.connect(user);
                Statement statement = connection.createStatement()) {
            for (String sql : statements.split(";\\R")) {
                if (statement.execute(sql)) {
                    ResultSet rows = statement.getResultSet();
                    while (rows.next()) {
                        List<String> row = new ArrayList<>();
                        for (int column = 1; column <= rows.getMetaData().getColumnCount(); column++) {
                            row.add(String.valueOf(rows.getString(column)));
                        }
                        answers.add(String.join(" | ", row));
                    }
                }
            }
        }
        return answers;
    }
}
