package dev.nicol.server.testing;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.server.Nicol;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A server in a JVM of its own, for what would take the test's JVM with it: little memory, sudden death. */
public final class ChildNicol implements AutoCloseable {
    private static final Pattern LISTENING = Pattern.compile("listening on (http://[0-9.]+:[0-9]+)");

    private final Path directory;
    private final String heap;
    private @Nullable Process process;
    private String url = "";

    private ChildNicol(Path directory, String heap) {
        this.directory = directory;
        this.heap = heap;
    }

    /** @param heap such as {@code 256m} */
    public static ChildNicol start(
            String heap, List<SourceDefinition> sources, String users, String policies, String more) {
        ChildNicol child = new ChildNicol(TestNicol.files(sources, users, policies, more), heap);
        child.start();
        return child;
    }

    /** Starts it, again where it has ended; it listens when this returns. */
    public void start() {
        try {
            Path log = Files.createTempFile(directory, "server-", ".log");
            Process started = java(heap, "serve", "--config", config())
                    .redirectErrorStream(true)
                    .start();
            process = started;
            BufferedReader output =
                    new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
            List<String> lines = new ArrayList<>();
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                lines.add(line);
                Matcher listening = LISTENING.matcher(line);
                if (listening.find()) {
                    url = listening.group(1) + "/";
                    drain(output, log);
                    return;
                }
            }
            throw new IllegalStateException("the server did not start: " + lines);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** The rest of its output goes to a file, so that it never waits for a reader. */
    private static void drain(BufferedReader output, Path log) {
        Thread reader = new Thread(
                () -> {
                    try {
                        Files.write(log, output.lines().toList());
                    } catch (IOException | UncheckedIOException ended) {
                        Thread.currentThread().interrupt();
                    }
                },
                "child-output");
        reader.setDaemon(true);
        reader.start();
    }

    private static ProcessBuilder java(String heap, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap,
                "-XX:TieredStopAtLevel=1",
                "-Duser.timezone=Asia/Kolkata",
                // the tests' own configuration is silent
                "-Dlogback.configurationFile=logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                Nicol.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    /** Runs another command of the program; its exit code and output. */
    public static Finished run(String... arguments) throws IOException, InterruptedException {
        Process command = java("256m", arguments).redirectErrorStream(true).start();
        String output = new String(command.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!command.waitFor(60, TimeUnit.SECONDS)) {
            command.destroyForcibly();
            throw new IllegalStateException("did not end: " + output);
        }
        return new Finished(command.exitValue(), output);
    }

    /** What a command came to. */
    public record Finished(int exitCode, String output) {}

    public String config() {
        return directory.resolve("nicol.yaml").toString();
    }

    public Connection connect(String user, String serialization) throws SQLException {
        return TestNicol.connect(url, user, serialization, new String[0]);
    }

    /** Rows of a query, as {@link TestNicol#rows(String, String)} has them. */
    public List<String> rows(String user, String sql) throws SQLException {
        try (Connection connection = connect(user, "json");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return TestNicol.rows(rows);
        }
    }

    /** Rows written by a statement. */
    public int update(String user, String sql) throws SQLException {
        try (Connection connection = connect(user, "json");
                Statement statement = connection.createStatement()) {
            return statement.executeUpdate(sql);
        }
    }

    /**
     * What writing to files may go up to, in bytes; 0 is a full disk, {@code unlimited} a mended one. Pipes and sockets
     * are not bounded.
     */
    public void limitFiles(String bytes) throws IOException, InterruptedException {
        Process running = process;
        if (running == null) {
            throw new IllegalStateException("it has not been started");
        }
        Process limiting = new ProcessBuilder("prlimit", "--pid", "" + running.pid(), "--fsize=" + bytes + ":")
                .inheritIO()
                .start();
        if (limiting.waitFor() != 0) {
            throw new IllegalStateException("prlimit failed");
        }
    }

    public String url() {
        return url;
    }

    /** As {@code kill}: it is to stop in order. */
    public Process terminate() {
        Process running = process;
        if (running == null) {
            throw new IllegalStateException("it has not been started");
        }
        running.destroy();
        return running;
    }

    /** As {@code kill -9}. */
    public void kill() throws InterruptedException {
        Process running = process;
        if (running != null) {
            running.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
    }

    @Override
    public void close() {
        try {
            kill();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
