package dev.nicol.adapters.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A PostgreSQL of one test's own, which it may end in the middle and start again over the same data and port. */
public final class KillablePostgres implements AutoCloseable {
    private static final long TIMEOUT_S = 20;

    private final Path data = TestDatabases.directory().resolve("data");
    private final EmbeddedPostgres server;
    private final Path programs;

    private KillablePostgres() {
        try {
            server = EmbeddedPostgres.builder()
                    .setDataDirectory(data)
                    .setServerConfig("fsync", "off")
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .setErrorRedirector(Redirect.DISCARD)
                    .setOutputRedirector(Redirect.DISCARD)
                    .start();
            programs = Path.of(postmaster().info().command().orElseThrow()).resolveSibling("pg_ctl");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public static KillablePostgres started() {
        return new KillablePostgres();
    }

    private ProcessHandle postmaster() throws IOException {
        return ProcessHandle.of(Long.parseLong(Files.readAllLines(data.resolve("postmaster.pid"))
                        .get(0)
                        .trim()))
                .orElseThrow();
    }

    public String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/" + database;
    }

    /** Ends it at once, as a crash does: what was not written is lost, and nobody is told. */
    public void kill() {
        try {
            ProcessHandle process = postmaster();
            run(List.of("kill", "-QUIT", String.valueOf(process.pid())));
            process.onExit().get(TIMEOUT_S, TimeUnit.SECONDS);
        } catch (IOException | InterruptedException | ExecutionException | TimeoutException failure) {
            throw new IllegalStateException("PostgreSQL did not end", failure);
        }
    }

    /** With the options that it had; it answers when this returns. */
    public void startAgain() {
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            // PostgreSQL does not run as root
            command.addAll(List.of("unshare", "-U"));
        }
        command.addAll(List.of(programs.toString(), "restart", "-w", "-D", data.toString()));
        try {
            run(command);
        } catch (IOException | InterruptedException failure) {
            throw new IllegalStateException("PostgreSQL did not start", failure);
        }
    }

    private static void run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(Redirect.DISCARD)
                .start();
        if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IllegalStateException("failed: " + command);
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
