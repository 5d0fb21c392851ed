package dev.nicol.adapters.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import org.jspecify.annotations.Nullable;

/** The PostgreSQL of this JVM. Its zone is not UTC, so that nothing works by accident. */
public final class TestPostgres {
    public static final String USER = "postgres";

    private static @Nullable TestPostgres running;

    private final EmbeddedPostgres server;

    private TestPostgres(EmbeddedPostgres server) {
        this.server = server;
    }

    public static synchronized TestPostgres running() {
        if (running == null) {
            try {
                running = new TestPostgres(EmbeddedPostgres.builder()
                        .setServerConfig("timezone", "America/New_York")
                        .setServerConfig("fsync", "off")
                        .setServerConfig("listen_addresses", "127.0.0.1")
                        .setErrorRedirector(Redirect.DISCARD)
                        .setOutputRedirector(Redirect.DISCARD)
                        .start());
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
        return running;
    }

    public String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/" + database;
    }

    public int port() {
        return server.getPort();
    }
}
