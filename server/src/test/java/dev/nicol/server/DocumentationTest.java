package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.PolicyReader;
import dev.nicol.server.config.ConfigReader;
import dev.nicol.server.identity.UsersReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The documents tell the truth, as far as a test can tell: examples are read by what they are for, lists are complete. */
class DocumentationTest {
    private static final Path ROOT = TidyTest.ROOT;
    private static final Path REFERENCE = ROOT.resolve("docs/reference");

    /** The password whose hash the documents show. */
    private static final String PASSWORD = "alice-password";

    private static final Pattern EXAMPLE = Pattern.compile("```yaml\\R# (\\S+)\\R(.*?)```", Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:\\s]+)(?:#[^)]*)?\\)");

    @Test
    void everyErrorHasItsSection() {
        List<String> sections = TidyTest.text(REFERENCE.resolve("errors.md"))
                .lines()
                .filter(line -> line.startsWith("## "))
                .toList();
        List<String> expected = new ArrayList<>();
        for (NicolError error : NicolError.values()) {
            expected.add("## " + error.number() + " " + error.name() + " `" + error.sqlState() + "`");
        }
        assertThat(sections).containsExactlyElementsOf(expected);
    }

    @Test
    void everySectionOfAnErrorSaysWhoCanMendItAndHow() {
        String[] sections = TidyTest.text(REFERENCE.resolve("errors.md")).split("(?m)^## ");
        for (NicolError error : NicolError.values()) {
            String category = error.category().name().charAt(0)
                    + error.category().name().substring(1).toLowerCase(Locale.ROOT);
            assertThat(sections[error.number()]).contains("*" + category + ".*", "**Do:**");
        }
    }

    @Test
    void examplesAreReadByTheirReaders(@TempDir Path directory) throws IOException {
        int examples = 0;
        for (Path document : documents()) {
            Path home = Files.createDirectory(directory.resolve("document-" + examples));
            List<Path> written = write(document, home);
            examples += written.size();
            for (Path file : written) {
                assertThatCode(() -> read(file, home))
                        .as("the example %s of %s", home.relativize(file), ROOT.relativize(document))
                        .doesNotThrowAnyException();
            }
            if (written.isEmpty()) {
                Files.delete(home);
            }
        }
        assertThat(examples).isGreaterThanOrEqualTo(10);
    }

    private static void read(Path file, Path home) throws IOException {
        if (file.endsWith("nicol.yaml")) {
            Files.createDirectories(home.resolve("policies"));
            ConfigReader.read(file, name -> "value-of-" + name);
        } else if (file.endsWith("users.yaml")) {
            UsersReader.check(file);
        } else {
            assertThat(PolicyReader.read(home.resolve("policies")).rules()).isNotEmpty();
        }
    }

    /** Writes a document's examples, each under the name in its first line. */
    private static List<Path> write(Path document, Path home) throws IOException {
        List<Path> written = new ArrayList<>();
        Matcher example = EXAMPLE.matcher(TidyTest.text(document));
        while (example.find()) {
            Path file = home.resolve(example.group(1));
            Files.createDirectories(file.getParent());
            Files.writeString(file, example.group(2));
            written.add(file);
        }
        return written;
    }

    /** docs/start.md, done as it says. */
    @Test
    void theStartWorks(@TempDir Path home) throws IOException, SQLException {
        Path start = ROOT.resolve("docs/start.md");
        write(start, home);
        Path config = home.resolve("nicol.yaml");
        Files.writeString(config, "server: {port: 0}\n" + Files.readString(config));
        try (Server server = Server.start(ConfigReader.read(config))) {
            Matcher command = Pattern.compile("Query\\.java (sam|alice) PASSWORD \"([^\"]+)\"")
                    .matcher(TidyTest.text(start));
            List<String> answers = new ArrayList<>();
            while (command.find()) {
                answers.add(run(server.port(), command.group(1), command.group(2)));
            }
            assertThat(answers).hasSize(3);
            assertThat(answers.get(2)).isEqualTo("1 | Ada | *** | ********89 | EU |");
            assertThat(TidyTest.text(start)).contains("```\n" + answers.get(2) + "\n```");
        }
    }

    private static String run(int port, String user, String sql) throws SQLException {
        String url = "jdbc:avatica:remote:url=http://127.0.0.1:" + port + "/;authentication=BASIC;avatica_user=" + user
                + ";avatica_password=" + PASSWORD;
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            if (!statement.execute(sql)) {
                return statement.getUpdateCount() + " rows";
            }
            StringBuilder answer = new StringBuilder();
            ResultSet rows = statement.getResultSet();
            while (rows.next()) {
                for (int column = 1; column <= rows.getMetaData().getColumnCount(); column++) {
                    answer.append(rows.getString(column)).append(" | ");
                }
            }
            return answer.toString().strip();
        }
    }

    @Test
    void everyKeyOfTheConfigurationIsDocumented() {
        String document = TidyTest.text(REFERENCE.resolve("configuration.md"));
        String server = "server/src/main/java/dev/nicol/server/";
        for (String reader : List.of(
                "config/ConfigReader",
                "config/RetentionReader",
                "config/SinksReader",
                "config/ServerReader",
                "config/SourcesReader",
                "identity/UsersReader")) {
            assertThat(keys(ROOT.resolve(server + reader + ".java")))
                    .as("keys that %s reads and docs/reference/configuration.md names", reader)
                    .isNotEmpty()
                    .allMatch(key -> mentions(document, key));
        }
    }

    @Test
    void everyKeyOfPolicyFilesIsDocumented() {
        String document = TidyTest.text(REFERENCE.resolve("policies.md"));
        assertThat(keys(ROOT.resolve("policy/src/main/java/dev/nicol/policy/RuleReader.java")))
                .isNotEmpty()
                .allMatch(key -> mentions(document, key));
    }

    private static boolean mentions(String document, String word) {
        return Pattern.compile("`[^`]*\\b" + word + "\\b[^`]*`")
                .matcher(document)
                .find();
    }

    /** The words in a reader's lists of what it knows. */
    private static Set<String> keys(Path reader) {
        Set<String> keys = new TreeSet<>();
        Matcher list = Pattern.compile("List\\.of\\(([^()]*)\\)").matcher(TidyTest.text(reader));
        while (list.find()) {
            Matcher word = Pattern.compile("\"([a-z_]+)\"").matcher(list.group(1));
            while (word.find()) {
                keys.add(word.group(1));
            }
        }
        return keys;
    }

    @Test
    void systemTablesAreDocumentedWithTheirColumns() throws IOException {
        String document = TidyTest.text(REFERENCE.resolve("system-tables.md"));
        Path migrations = ROOT.resolve("server/src/main/resources/dev/nicol/server/audit/migration");
        Map<String, List<String>> tables = new TreeMap<>();
        for (Path file : migrations(migrations)) {
            String migration = TidyTest.text(file);
            Matcher made = Pattern.compile("CREATE TABLE ((?!internal)\\w+\\.\\w+) \\((.*?)\\n\\);", Pattern.DOTALL)
                    .matcher(migration);
            while (made.find()) {
                tables.put(
                        made.group(1),
                        new ArrayList<>(made.group(2)
                                .lines()
                                .filter(line -> !line.isBlank() && !line.strip().startsWith("PRIMARY KEY"))
                                .map(line -> line.strip().split(" ")[0])
                                .toList()));
            }
            Matcher added = Pattern.compile("ALTER TABLE ((?!internal)\\w+\\.\\w+) ADD COLUMN (\\w+)")
                    .matcher(migration);
            while (added.find()) {
                tables.get(added.group(1)).add(added.group(2));
            }
        }
        tables.forEach((table, columns) ->
                assertThat(document).contains("| `" + table + "` | `" + String.join(", ", columns) + "`"));
        assertThat(tables).hasSizeGreaterThanOrEqualTo(9);
    }

    private static List<Path> migrations(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith("V"))
                    .sorted(Comparator.comparingInt(DocumentationTest::version))
                    .toList();
        }
    }

    private static int version(Path migration) {
        String name = migration.getFileName().toString();
        return Integer.parseInt(name.substring(1, name.indexOf("__")));
    }

    @Test
    void linksLeadSomewhere() {
        List<String> broken = new ArrayList<>();
        for (Path document : documents()) {
            Matcher link = LINK.matcher(TidyTest.text(document));
            while (link.find()) {
                if (!Files.exists(document.resolveSibling(link.group(1)))) {
                    broken.add(ROOT.relativize(document) + " -> " + link.group(1));
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    /** Paths of documents that comments in the code and messages to users name. */
    @Test
    void documentsThatTheCodeNamesExist() {
        Set<String> missing = new TreeSet<>();
        for (Path source : TidyTest.sources()) {
            Matcher name = Pattern.compile("docs/[\\w/-]+\\.md").matcher(TidyTest.text(source));
            while (name.find()) {
                if (!Files.exists(ROOT.resolve(name.group()))) {
                    missing.add(ROOT.relativize(source) + " -> " + name.group());
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    private static List<Path> documents() {
        List<Path> documents = new ArrayList<>(TidyTest.walk(ROOT.resolve("docs"), ".md"));
        for (String name : List.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md")) {
            documents.add(ROOT.resolve(name));
        }
        return documents;
    }
}
