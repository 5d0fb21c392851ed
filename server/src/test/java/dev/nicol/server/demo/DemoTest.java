package dev.nicol.server.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo as a newcomer runs it: in a process of its own. */
class DemoTest {
    private static final long STOP_TIMEOUT_S = 30;

    @TempDir
    Path temporary;

    private final List<Process> started = new ArrayList<>();

    @Test
    void showsWhatItShouldAndLeavesNothingBehind() throws Exception {
        Process demo = demo();
        List<String> lines = lines(demo, null);

        assertThat(demo.waitFor(STOP_TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
        String printed = String.join("\n", lines);
        assertThat(printed).doesNotContain("DIFFERS");
        assertThat(demo.exitValue()).isZero();
        assertThat(printed)
                .contains(
                        "SQLSTATE 42P01 — There is no table `crm.public.custmers`",
                        "SQLSTATE 42501",
                        "SQLSTATE NG001",
                        "SQLSTATE NA001",
                        "audit chain: whole",
                        "Every step showed what it should.");
        // the federated statement, by the analyst and by the steward
        assertThat(lines).anyMatch(line -> line.matches(" +FR +82 +107230\\.06 +3359"));
        assertThat(lines).anyMatch(line -> line.matches(" +US +95 +115514\\.78 +3683"));
        assertThat(lines).allMatch(line -> line.length() <= 100);
        assertNothingLeft();
    }

    @Test
    void keepsServingUntilItIsToldToStop() throws Exception {
        Process demo = demo("--keep");
        List<String> lines = lines(demo, "database administrator");
        String printed = String.join("\n", lines);

        assertThat(customers(found(printed, "JDBC +(jdbc:\\S+)"), found(printed, "\\n {12}ana +(\\S+) ")))
                .isEqualTo(117);
        demo.destroy();
        assertThat(demo.waitFor(STOP_TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
        assertThat(demo.exitValue()).isZero();
        assertNothingLeft();
    }

    /** A failed assertion must not leave a demo behind that keeps serving. */
    @AfterEach
    void end() throws InterruptedException {
        for (Process demo : started) {
            demo.destroy();
            demo.waitFor(STOP_TIMEOUT_S, TimeUnit.SECONDS);
        }
    }

    @Test
    void toldToStopWhileItStartsItLeavesNothingBehind() throws Exception {
        Process demo = demo();
        lines(demo, "starting a real PostgreSQL");

        demo.destroy();
        assertThat(demo.waitFor(STOP_TIMEOUT_S, TimeUnit.SECONDS)).isTrue();
        assertNothingLeft();
    }

    private Process demo(String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                // what ships, not what the tests log with
                "-Dlogback.configurationFile=logback.xml",
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                productClassPath(),
                "dev.nicol.server.Nicol",
                "demo"));
        command.addAll(List.of(options));
        Process demo =
                new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        started.add(demo);
        return demo;
    }

    /** What a newcomer has: nothing of the tests, whose logging would mix with the demo's lines. */
    private static String productClassPath() {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("test-classes") && !entry.endsWith("-tests.jar"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** What it prints, to its end or to a line that contains the mark. */
    private static List<String> lines(Process demo, String last) throws IOException {
        List<String> lines = new ArrayList<>();
        BufferedReader reader = demo.inputReader(StandardCharsets.UTF_8);
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            lines.add(line);
            if (last != null && line.contains(last)) {
                break;
            }
        }
        return lines;
    }

    private static String found(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertThat(matcher.find()).as(text).isTrue();
        return matcher.group(1);
    }

    private static long customers(String url, String password) throws SQLException {
        Properties login = new Properties();
        login.put("avatica_user", "ana");
        login.put("avatica_password", password);
        try (Connection connection = DriverManager.getConnection(url, login);
                ResultSet result =
                        connection.createStatement().executeQuery("SELECT COUNT(*) FROM crm.public.customers")) {
            result.next();
            return result.getLong(1);
        }
    }

    /** Neither files nor processes: every server it starts has its data below the temporary directory. */
    private void assertNothingLeft() throws IOException {
        try (var left = Files.list(temporary)) {
            assertThat(left.filter(file -> file.getFileName().toString().startsWith("nicol-demo-")))
                    .isEmpty();
        }
        await().atMost(Duration.ofSeconds(STOP_TIMEOUT_S)).until(() -> ProcessHandle.allProcesses()
                .noneMatch(process -> process.info().commandLine().orElse("").contains(temporary.toString())));
    }
}
