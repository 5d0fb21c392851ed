package dev.nicol.server.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;

/** What the demo prints: plain text, at most {@link #WIDTH} columns. */
final class Terminal {
    static final int WIDTH = 100;

    private static final double NANOS_PER_SECOND = 1e9;

    private final PrintStream out;
    private volatile boolean muted;

    Terminal(PrintStream out) {
        this.out = out;
    }

    /** Work that may fail as work on files and databases does. */
    interface Work<T> {
        T run() throws IOException, SQLException;
    }

    /** Work without a result. */
    interface Task {
        void run() throws IOException, SQLException;
    }

    /** Nothing is printed any more. */
    void mute() {
        muted = true;
    }

    boolean muted() {
        return muted;
    }

    synchronized void line(String text) {
        if (!muted) {
            out.println(text);
        }
    }

    void blank() {
        line("");
    }

    void banner(String text) {
        line("─".repeat(WIDTH));
        line(text);
        line("─".repeat(WIDTH));
    }

    /** @param lead before the first line; the others are indented as far */
    void wrapped(String lead, String text) {
        String before = lead;
        for (String part : TextTable.wrap(text, WIDTH - lead.length())) {
            line(before + part);
            before = " ".repeat(lead.length());
        }
    }

    /** Runs work, then tells what was done and how long it took. */
    <T> T timed(String done, Work<T> work) throws IOException, SQLException {
        long started = System.nanoTime();
        T result = work.run();
        line(String.format(Locale.ROOT, "  %-84s %8s", done, seconds(started)));
        return result;
    }

    void timed(String done, Task task) throws IOException, SQLException {
        timed(done, () -> {
            task.run();
            return done;
        });
    }

    /** Since a moment of {@link System#nanoTime}. */
    static String seconds(long startedNanos) {
        return String.format(Locale.ROOT, "%.1f s", (System.nanoTime() - startedNanos) / NANOS_PER_SECOND);
    }

    void serving(int port, List<Login> logins, Path directory) {
        blank();
        banner("Serving until Ctrl-C");
        line("  URL       http://127.0.0.1:" + port);
        line("  JDBC      jdbc:avatica:remote:url=http://127.0.0.1:" + port + ";authentication=BASIC");
        line("  driver    org.apache.calcite.avatica.remote.Driver; the login goes into avatica_user and");
        line("            avatica_password; agents state purpose and on_behalf_of as properties too");
        line("  policies  " + directory.resolve("policies") + " (edit them: they are read again within seconds)");
        line("  logins");
        logins.forEach(login -> line(String.format(
                Locale.ROOT, "            %-8s %s  %s", login.name(), login.password(), login.description())));
    }
}
