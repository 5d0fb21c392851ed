package dev.nicol.adapters.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A PostgreSQL of one test's own, which it may end in the middle and start again over the same data and port. */
public final class KillablePostgres implements AutoCloseable {
    private static final long END_TIMEOUT_S = 20;

    private final Path data = TestDatabases.directory().resolve("data");
    private EmbeddedPostgres server;

    private KillablePostgres() {
        this.server = start(0);
    }

    public static KillablePostgres started() {
        return new KillablePostgres();
    }

    private EmbeddedPostgres start(int port) {
        try {
            EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                    .setDataDirectory(data)
                    .setCleanDataDirectory(false)
                    .setServerConfig("fsync", "off")
                    .setServerConfig("listen_addresses", "127.0.0.1")
                    .setErrorRedirector(Redirect.DISCARD)
                    .setOutputRedirector(Redirect.DISCARD);
            return (port == 0 ? builder : builder.setPort(port)).start();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/" + database;
    }

    /** Ends it at once, as a crash does: what was not written is lost, and nobody is told. */
    public void kill() {
        try {
            long postmaster = Long.parseLong(
                    Files.readAllLines(data.resolve("postmaster.pid")).get(0).trim());
            ProcessHandle process = ProcessHandle.of(postmaster).orElseThrow();
            if (new ProcessBuilder("kill", "-QUIT", String.valueOf(postmaster))
                            .start()
                            .waitFor()
                    != 0) {
                throw new IllegalStateException("PostgreSQL could not be ended");
            }
            process.onExit().get(END_TIMEOUT_S, TimeUnit.SECONDS);
        } catch (Exception failure) {
            throw new IllegalStateException("PostgreSQL did not end", failure);
        }
    }

    public void startAgain() {
        server = start(server.getPort());
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
