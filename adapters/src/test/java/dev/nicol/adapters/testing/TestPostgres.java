package dev.nicol.adapters.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The PostgreSQL of this JVM. Its zone is not UTC, so that nothing works by accident. */
public final class TestPostgres {
    public static final String USER = "postgres";

    private static @Nullable TestPostgres running;

    private final EmbeddedPostgres server;
    private final Path log;

    private TestPostgres(EmbeddedPostgres server, Path log) {
        this.server = server;
        this.log = log;
    }

    public static synchronized TestPostgres running() {
        if (running == null) {
            Path log = TestDatabases.directory().resolve("postgres.log");
            try {
                EmbeddedPostgres server = EmbeddedPostgres.builder()
                        .setServerConfig("timezone", "America/New_York")
                        .setServerConfig("fsync", "off")
                        .setServerConfig("listen_addresses", "127.0.0.1")
                        .setServerConfig("logging_collector", "on")
                        .setServerConfig("log_directory", log.getParent().toString())
                        .setServerConfig("log_filename", log.getFileName().toString())
                        .setServerConfig("log_min_messages", "log")
                        .setServerConfig("log_min_error_statement", "panic")
                        .setErrorRedirector(Redirect.DISCARD)
                        .setOutputRedirector(Redirect.DISCARD)
                        .start();
                running = new TestPostgres(server, log);
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
        return running;
    }

    public String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/" + database;
    }

    /** What it logs: statements are of databases only that were altered to {@code log_statement = 'all'}. */
    public Path log() {
        return log;
    }

    public int port() {
        return server.getPort();
    }
}
