package dev.nicol.adapters.testing;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

/** Another process that has a DuckDB file open, until it is closed. */
public final class DuckdbHolder implements AutoCloseable {
    private final Process process;

    /** @param url of the file, which is there when this returns */
    public DuckdbHolder(String url) {
        try {
            process = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElseThrow(),
                            "-Xmx64m",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            DuckdbHolder.class.getName(),
                            url)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            if (process.getInputStream().read() < 0) {
                throw new IllegalStateException("the file could not be opened");
            }
        } catch (IOException failure) {
            throw new IllegalStateException("cannot start another process", failure);
        }
    }

    public long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }

    /** Holds the file of the URL until nobody listens to it any more, or it is ended. */
    public static void main(String[] url) throws SQLException, IOException {
        try (Connection held = DriverManager.getConnection(url[0])) {
            System.out.write(held.isClosed() ? '-' : '+');
            System.out.flush();
            System.in.read();
        }
    }
}
