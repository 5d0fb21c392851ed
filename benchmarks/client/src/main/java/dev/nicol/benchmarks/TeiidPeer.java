package dev.nicol.benchmarks;

import dev.nicol.adapters.SourceDefinition;
import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Properties;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** e: Teiid over both databases, by its own driver, which has a class loader of its own. */
final class TeiidPeer extends Peer {
    /** Teiid has no intervals. */
    private static final Pattern DATE_SUM =
            Pattern.compile("DATE '([\\d-]+)' ([+-]) INTERVAL '(\\d+)' (DAY|MONTH|YEAR)");

    private static final Pattern DATE = Pattern.compile("DATE '([\\d-]+)'");

    private final Databases databases;
    private final String heap;
    private final Driver driver;
    private @Nullable ChildJvm server;
    private String port = "";

    TeiidPeer(Databases databases, String heap) {
        this.databases = databases;
        this.heap = heap;
        this.driver = driver();
    }

    private static Driver driver() {
        String[] entries = Repository.classPath("teiid").split(File.pathSeparator);
        URL[] urls = new URL[entries.length];
        try {
            for (int i = 0; i < entries.length; i++) {
                urls[i] = new File(entries[i]).toURI().toURL();
            }
            return (Driver) Class.forName(
                            "org.teiid.jdbc.TeiidDriver",
                            true,
                            new URLClassLoader(urls, ClassLoader.getPlatformClassLoader()))
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (MalformedURLException | ReflectiveOperationException failure) {
            throw new IllegalStateException(failure);
        }
    }

    @Override
    String letter() {
        return "e";
    }

    @Override
    void start() {
        close();
        SourceDefinition postgres = databases.postgres();
        SourceDefinition mariadb = databases.mariadb();
        server = ChildJvm.start(
                letter(),
                List.of(
                        "-Xmx" + heap,
                        "-cp",
                        Repository.classPath("teiid"),
                        "dev.nicol.benchmarks.TeiidServer",
                        databases.postgresUrl(letter()),
                        String.valueOf(postgres.user()),
                        "",
                        mariadb.url(),
                        String.valueOf(mariadb.user()),
                        String.valueOf(mariadb.password())));
        port = server.awaitReadyLine()[0];
    }

    @Override
    Connection connect(Who who, Format format, int client) throws SQLException {
        Connection connection = driver.connect("jdbc:teiid:benchmark@mm://127.0.0.1:" + port, new Properties());
        if (connection == null) {
            throw new SQLException("Teiid's driver does not take its URL");
        }
        return connection;
    }

    @Override
    String place(String table, Layout layout) {
        return (layout == Layout.SPREAD && Databases.AT_MARIADB.contains(table) ? "shop." : "crm.") + table;
    }

    @Override
    String dialect(String sql) {
        String dates = DATE_SUM.matcher(sql).replaceAll(TeiidPeer::sum);
        return DATE.matcher(dates)
                .replaceAll("{d '$1'}")
                .replace("COUNT(o_orderkey)\n", "COUNT(o_orderkey) AS c_count\n")
                .replace("AS c_orders (c_custkey, c_count)", "AS c_orders");
    }

    private static String sum(MatchResult sum) {
        long amount = Long.parseLong(sum.group(2) + sum.group(3));
        return "DATE '" + LocalDate.parse(sum.group(1)).plus(amount, ChronoUnit.valueOf(sum.group(4) + "S")) + "'";
    }

    @Override
    boolean speaksAvatica() {
        return false;
    }

    @Override
    @Nullable
    ChildJvm server() {
        return server;
    }
}
