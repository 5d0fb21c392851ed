package dev.nicol.benchmarks;

import dev.nicol.adapters.SourceDefinition;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** n: Nicol as it is shipped, with the files in this package's resources: policy, guardrails, trail and lineage all on. */
final class NicolPeer extends Peer {
    /** Users of each kind; one may have 100 connections. */
    private static final int USERS = 10;

    private static final String PASSWORD = "alice-password";

    private final Databases databases;
    private final String heap;
    private @Nullable ChildJvm server;
    private int port;

    NicolPeer(Databases databases, String heap) {
        this.databases = databases;
        this.heap = heap;
    }

    @Override
    String letter() {
        return "n";
    }

    @Override
    void start() {
        close();
        try {
            Path directory = Files.createTempDirectory(Files.createDirectories(Repository.OUTPUT), "nicol-");
            port = freePort();
            Files.createDirectory(directory.resolve("policies"));
            write(directory, "nicol.yaml");
            write(directory, "users.yaml");
            write(directory, "policies/policy.yaml");
            server = ChildJvm.start(
                    letter(),
                    List.of(
                            "-Xmx" + heap,
                            "-jar",
                            Repository.nicolJar().toString(),
                            "serve",
                            "--config",
                            directory.resolve("nicol.yaml").toString()));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        server.await(() -> ready() ? Optional.of(port) : Optional.empty());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void write(Path directory, String name) throws IOException {
        String resource = "nicol/" + name.substring(name.indexOf('/') + 1);
        try (InputStream file = Objects.requireNonNull(NicolPeer.class.getResourceAsStream(resource), resource)) {
            SourceDefinition postgres = databases.postgres();
            SourceDefinition mariadb = databases.mariadb();
            StringBuilder users = new StringBuilder();
            for (int i = 0; i < USERS; i++) {
                users.append(user("analyst" + i, "analysts")).append(user("clerk" + i, "clerks"));
            }
            Files.writeString(
                    directory.resolve(name),
                    new String(file.readAllBytes(), StandardCharsets.UTF_8)
                            .replace("$PORT", Integer.toString(port))
                            .replace("$USERS", users)
                            .replace("$CRM_URL", postgres.url())
                            .replace("$CRM_USER", String.valueOf(postgres.user()))
                            .replace("$SHOP_URL", mariadb.url())
                            .replace("$SHOP_USER", String.valueOf(mariadb.user()))
                            .replace("$SHOP_PASSWORD", String.valueOf(mariadb.password())));
        }
    }

    /** The hash is one at the cost that {@code hash-password} gives. */
    private static String user(String name, String group) {
        return "  " + name + ": {password: \"$argon2id$v=19$m=19456,t=2,p=1$Mc0AMX/XPZe1Lf296Rz4pA$"
                + "aHMjx8hSa8ivecRdbmWU82OS3TqeFGSSihDdB3I4KJg\", groups: [" + group
                + "], attributes: {withheld: NONE}}\n";
    }

    private boolean ready() {
        try {
            HttpURLConnection asked = (HttpURLConnection) URI.create("http://127.0.0.1:" + port + "/health/ready")
                    .toURL()
                    .openConnection();
            return asked.getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException notYet) {
            return false;
        }
    }

    @Override
    Connection connect(Who who, Format format, int client) throws SQLException {
        return connect("http://127.0.0.1:" + port + "/", who, format, client);
    }

    /** By way of something that hands on to it. */
    static Connection connect(String url, Who who, Format format, int client) throws SQLException {
        Properties info = new Properties();
        info.setProperty("avatica_user", who.name().toLowerCase(Locale.ROOT) + client % USERS);
        info.setProperty("avatica_password", PASSWORD);
        info.setProperty("authentication", "BASIC");
        info.setProperty("serialization", format.name().toLowerCase(Locale.ROOT));
        return DriverManager.getConnection("jdbc:avatica:remote:url=" + url, info);
    }

    int port() {
        return port;
    }

    @Override
    String place(String table, Layout layout) {
        boolean there = layout == Layout.SPREAD && Databases.AT_MARIADB.contains(table);
        return (there ? "shop." + databases.mariadb().user() : "crm.public") + "." + table;
    }

    @Override
    @Nullable
    ChildJvm server() {
        return server;
    }
}
