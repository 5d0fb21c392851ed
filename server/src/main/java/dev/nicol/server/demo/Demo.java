package dev.nicol.server.demo;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import dev.nicol.server.audit.AuditVerifier;
import dev.nicol.server.config.ConfigReader;
import dev.nicol.server.config.NicolConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The main job on real databases that it starts itself: a small business in PostgreSQL, MariaDB and DuckDB, a server over
 * them, and a tour of that server as five different people over the stock driver. Nothing is left behind.
 */
public final class Demo {
    private static final int HELD = 0;
    private static final int DIFFERED = 1;

    private final Terminal terminal;
    private final boolean keep;
    private final Leftovers leftovers = new Leftovers();
    private final Function<NicolConfig, Serving> starter;
    private volatile int answer = HELD;

    private Demo(Terminal terminal, boolean keep, Function<NicolConfig, Serving> starter) {
        this.terminal = terminal;
        this.keep = keep;
        this.starter = starter;
    }

    /** A running server, as the demo sees it. */
    public interface Serving extends AutoCloseable {
        int port();

        /** Returns when the server has been closed. */
        void awaitStop();

        @Override
        void close();
    }

    /**
     * Runs the demo; answers 0 where every step showed what it should, else 1.
     *
     * @param keep goes on serving after the tour, until the process is told to stop
     * @param starter starts the real server
     * @throws IOException where the databases cannot be started, says what to do
     * @throws SQLException where they cannot be filled
     */
    public static int run(boolean keep, Function<NicolConfig, Serving> starter) throws IOException, SQLException {
        // the terminal's charset is unknown to a JVM under LANG=C; every terminal of today shows UTF-8
        return new Demo(new Terminal(new PrintStream(System.out, true, StandardCharsets.UTF_8)), keep, starter).run();
    }

    private int run() throws IOException, SQLException {
        quiet();
        Thread tidying = new Thread(this::stopped, "nicol-demo-stop");
        Runtime.getRuntime().addShutdownHook(tidying);
        try {
            return show();
        } catch (IOException | SQLException | RuntimeException failure) {
            if (terminal.muted()) {
                // its databases were ended under it, as they should be
                return DIFFERED;
            }
            throw failure;
        } finally {
            leftovers.close();
            try {
                Runtime.getRuntime().removeShutdownHook(tidying);
            } catch (IllegalStateException stopping) {
                // a signal was faster, and the hook ends the process
            }
        }
    }

    private int show() throws IOException, SQLException {
        terminal.banner("Nicol demo: one governed SQL endpoint over PostgreSQL, MariaDB and DuckDB");
        long started = System.nanoTime();
        Path directory = leftovers.directory("nicol-demo-");
        Databases databases = Databases.start(directory, leftovers, terminal);
        Business business = new Business();
        terminal.timed("filled them: " + business.summary(), () -> databases.fill(business));
        List<Login> logins = Login.all();
        Configuration files = new Configuration(directory);
        files.write(databases, logins, 0);
        NicolConfig config = ConfigReader.read(files.config(), databases::secret);
        int port;
        int differing;
        try (Serving server = terminal.timed("started Nicol", () -> leftovers.opened(starter.apply(config)))) {
            port = server.port();
            terminal.line("  listening on http://127.0.0.1:" + port + ", driver jdbc:avatica:remote");
            try (Clients clients = new Clients(port)) {
                differing = new Tour(clients, logins, business, terminal).run();
            }
        }
        differing += verified(config) ? 0 : 1;
        terminal.blank();
        terminal.line(
                differing == 0
                        ? "Every step showed what it should. " + Terminal.seconds(started) + " in all."
                        : differing + " step(s) differed from what they should show; see `DIFFERS` above.");
        answer = differing == 0 ? HELD : DIFFERED;
        if (keep) {
            serve(databases, files, logins, port);
        }
        return answer;
    }

    /** The chain is walked by another reader than the server that wrote it, on the closed store. */
    private boolean verified(NicolConfig config) throws SQLException {
        AuditVerifier.Report report = AuditVerifier.verify(config.storeSettings());
        terminal.blank();
        terminal.line(
                report.whole()
                        ? "audit chain: whole, " + report.events() + " events, each hashed onto the one before"
                        : "DIFFERS audit chain: " + String.join("; ", report.problems()));
        return report.whole();
    }

    private void serve(Databases databases, Configuration files, List<Login> logins, int port) throws IOException {
        files.write(databases, logins, port);
        Serving server = leftovers.opened(starter.apply(ConfigReader.read(files.config(), databases::secret)));
        terminal.serving(port, logins, files.directory());
        server.awaitStop();
    }

    /** Told to stop by a signal. */
    private void stopped() {
        terminal.mute();
        leftovers.close();
        if (keep) {
            // a JVM that a signal ends would otherwise exit with the signal's number, though all went well
            Runtime.getRuntime().halt(answer);
        }
    }

    /** Refusals are what the tour is about, not news for a log. */
    private static void quiet() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
            // a refused connection is logged by the driver and thrown as well
            context.getLogger("org.apache.calcite.avatica").setLevel(Level.OFF);
            // the databases' own programs report progress on stderr, which these take for warnings
            context.getLogger("ch.vorburger").setLevel(Level.OFF);
            context.getLogger("io.zonky").setLevel(Level.OFF);
        }
    }
}
