package dev.nicol.benchmarks;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.tpch.TpchData;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** PostgreSQL with all tables of TPC-H, and MariaDB with two of them, for everybody. */
final class Databases {
    /** The tables that MariaDB has too. */
    static final Set<String> AT_MARIADB = Set.of("customer", "nation");

    private static final String SESSIONS = "benchmark-";

    private static final int CUSTOMERS_PER_SCALE = 150_000;

    /** Foreign keys that no primary key begins with. */
    private static final List<String> FOREIGN_KEYS = List.of(
            "lineitem(l_partkey)",
            "lineitem(l_suppkey)",
            "orders(o_custkey)",
            "customer(c_nationkey)",
            "supplier(s_nationkey)",
            "partsupp(ps_suppkey)",
            "nation(n_regionkey)");

    private final SourceDefinition postgres;
    private final SourceDefinition mariadb;
    private final double scale;
    private final Map<String, String> versions = new TreeMap<>();

    private Databases(SourceDefinition postgres, SourceDefinition mariadb, double scale) {
        this.postgres = postgres;
        this.mariadb = mariadb;
        this.scale = scale;
    }

    /** Starts both and loads them; they end with this JVM. */
    static Databases start(double scale) throws SQLException {
        Databases databases = new Databases(TestDatabases.postgres("crm"), TestDatabases.mariadb("shop"), scale);
        databases.load(databases.postgres, TpchData.TABLES);
        databases.load(
                databases.mariadb,
                TpchData.TABLES.stream().filter(AT_MARIADB::contains).toList());
        // Teiid takes no schema that is empty
        databases.addTables(1);
        return databases;
    }

    private void load(SourceDefinition database, List<String> tables) throws SQLException {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement()) {
            TpchData.load(connection, scale, tables);
            for (String key : FOREIGN_KEYS) {
                if (tables.contains(key.substring(0, key.indexOf('(')))) {
                    String name = key.replaceAll("\\W", "_");
                    statement.execute("CREATE INDEX " + name + " ON " + key.replace("(", " ("));
                }
            }
            for (String table : tables) {
                statement.execute((database == postgres ? "VACUUM ANALYZE " : "ANALYZE TABLE ") + table);
            }
            versions.put(
                    connection.getMetaData().getDatabaseProductName(),
                    connection.getMetaData().getDatabaseProductVersion());
        }
    }

    /** Tables of ten columns in a schema {@code wide} of PostgreSQL. */
    void addTables(int count) throws SQLException {
        try (Connection connection = connect(postgres);
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE SCHEMA IF NOT EXISTS wide");
            List<String> columns = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                columns.add("c" + i + (i % 2 == 0 ? " INTEGER" : " VARCHAR(40)"));
            }
            for (int i = 0; i < count; i++) {
                statement.execute("CREATE TABLE IF NOT EXISTS wide.t" + i + " (" + String.join(", ", columns) + ")");
            }
        }
    }

    /** Where a peer finds PostgreSQL, under a name by which its sessions are known. */
    String postgresUrl(String letter) {
        return postgres.url() + "?ApplicationName=" + SESSIONS + letter;
    }

    /** Ends a peer's sessions (Nicol names its own after the subject) at PostgreSQL: work that nobody waits for any more would slow down what is measured next. */
    void endSessions(String letter) {
        TestDatabases.execute(
                postgres.url(),
                postgres.user(),
                "",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND application_name "
                        + (letter.equals("n") ? "NOT LIKE '" + SESSIONS + "%'" : "= '" + SESSIONS + letter + "'")
                        + " AND pid <> pg_backend_pid()");
    }

    int customers() {
        return (int) (CUSTOMERS_PER_SCALE * scale);
    }

    double scale() {
        return scale;
    }

    SourceDefinition postgres() {
        return postgres;
    }

    SourceDefinition mariadb() {
        return mariadb;
    }

    Map<String, String> versions() {
        return versions;
    }

    static Connection connect(SourceDefinition database) throws SQLException {
        return DriverManager.getConnection(database.url(), database.user(), database.password());
    }
}
