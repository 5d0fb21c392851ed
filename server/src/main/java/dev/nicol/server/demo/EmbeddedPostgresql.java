package dev.nicol.server.demo;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** A PostgreSQL of this process: a new cluster that asks for passwords from the first moment on. */
final class EmbeddedPostgresql implements AutoCloseable {
    private static final String DATABASE = "crm";

    private final EmbeddedPostgres server;
    private final String password;

    private EmbeddedPostgresql(EmbeddedPostgres server, String password) {
        this.server = server;
        this.password = password;
    }

    /**
     * @param programs where the programs stay unpacked
     * @param directory for the data; the caller removes it
     */
    static EmbeddedPostgresql start(Path programs, Path directory) throws IOException, SQLException {
        String administrator = Login.secret();
        Path passwordFile = Files.createFile(
                directory.resolve("postgres.password"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(passwordFile, administrator);
        // "locale" settings are handed to initdb as they are; these replace the trust that it is given otherwise
        EmbeddedPostgres server = EmbeddedPostgres.builder()
                .setOverrideWorkingDirectory(Files.createDirectories(programs).toFile())
                .setDataDirectory(directory.resolve("postgres"))
                .setLocaleConfig("auth", "scram-sha-256")
                .setLocaleConfig("pwfile", passwordFile.toString())
                .setConnectConfig("password", administrator)
                .setServerConfig("listen_addresses", "127.0.0.1")
                .setServerConfig("unix_socket_directories", directory.toString())
                .setRegisterShutdownHook(false)
                .setErrorRedirector(Redirect.DISCARD)
                .setOutputRedirector(Redirect.DISCARD)
                .start();
        Files.delete(passwordFile);
        String password = Login.secret();
        try (Connection connection = DriverManager.getConnection(url(server, "postgres"), "postgres", administrator);
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE ROLE nicol LOGIN PASSWORD '" + password + "'");
            statement.execute("CREATE DATABASE " + DATABASE + " OWNER nicol");
        } catch (SQLException failure) {
            server.close();
            throw failure;
        }
        return new EmbeddedPostgresql(server, password);
    }

    private static String url(EmbeddedPostgres server, String database) {
        return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/" + database;
    }

    String url() {
        return url(server, DATABASE);
    }

    /** Of the user {@code nicol}, who owns the database. */
    String password() {
        return password;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
