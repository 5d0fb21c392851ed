package dev.nicol.server;

import com.sun.management.OperatingSystemMXBean;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;

/**
 * Views over customers and tickets of one source and orders of another, each over the one before, ten deep: joins, a filter,
 * groups, a window, a union. Run by hand, prints how long a statement over the last takes to plan, each time one that has not been
 * planned before; arguments: statements of warming up (300), statements measured (100).
 */
final class ViewChain {
    /** {@code $crm} and {@code $shop} are the sources' schemas, {@code $before} the view before. */
    private static final List<String> VIEWS = List.of(
            "SELECT c.id, c.name, c.email, c.region, o.id AS order_id, o.amount FROM $crm.customers c JOIN $shop.orders o"
                    + " ON o.customer_id = c.id",
            "SELECT b.id, b.name, b.email, b.region, b.order_id, b.amount, t.region AS desk FROM $before b"
                    + " JOIN $crm.tickets t ON t.id = b.id",
            "SELECT id, UPPER(name) AS name, email, region, desk, order_id, amount FROM $before WHERE amount > 1",
            "SELECT id, name, email, region, COUNT(*) AS orders, MIN(order_id) AS first_order FROM $before"
                    + " GROUP BY id, name, email, region",
            "SELECT b.id, b.name, b.email, b.orders, o.amount AS first_amount FROM $before b JOIN $shop.orders o"
                    + " ON o.id = b.first_order",
            "SELECT id, name, email, first_amount, CASE WHEN orders > 1 THEN 'often' ELSE 'once' END AS kind FROM $before",
            "SELECT id, name, email, first_amount, kind, RANK() OVER (PARTITION BY kind ORDER BY id) AS place FROM $before",
            "SELECT * FROM $before WHERE place = 1 UNION ALL SELECT * FROM $before WHERE place > 1",
            "SELECT b.id, b.name, b.email, b.first_amount, b.kind, b.place, c.region AS home FROM $before b"
                    + " LEFT JOIN $crm.customers c ON c.id = b.id AND c.name LIKE 'A%'",
            "SELECT id, name, email, first_amount, kind, place, COALESCE(home, '-') AS home FROM $before WHERE id > 0");

    private ViewChain() {}

    /**
     * Makes the views.
     *
     * @param schema that is there, such as {@code virtual.sales}
     * @return the last one's name
     */
    static String create(Connection steward, String schema, String crm, String shop) throws SQLException {
        String before = "";
        try (Statement statement = steward.createStatement()) {
            for (int i = 0; i < VIEWS.size(); i++) {
                String view = schema + ".deep" + (i + 1);
                statement.execute("CREATE VIEW " + view + " AS "
                        + VIEWS.get(i)
                                .replace("$crm", crm)
                                .replace("$shop", shop)
                                .replace("$before", before));
                before = view;
            }
        }
        return before;
    }

    public static void main(String[] arguments) throws SQLException {
        int warmUp = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 300;
        int measured = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 100;
        SourceDefinition crm = TestDatabases.postgres("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(20), email VARCHAR(40), region VARCHAR(2))",
                "INSERT INTO customers SELECT i, 'Name ' || i, i || '@x.org', 'EU' FROM generate_series(1, 1000) i",
                "CREATE TABLE tickets (id INTEGER PRIMARY KEY, region VARCHAR(2))",
                "INSERT INTO tickets SELECT i, 'EU' FROM generate_series(1, 1000) i",
                "ANALYZE");
        SourceDefinition shop = TestDatabases.mariadb("shop");
        TestDatabases.execute(
                shop.url(),
                shop.user(),
                shop.password(),
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, amount DECIMAL(10, 2))",
                "INSERT INTO orders SELECT seq, seq % 1000, seq / 10 FROM seq_1_to_5000",
                "ANALYZE TABLE orders");
        try (TestNicol nicol = TestNicol.start(List.of(crm, shop), """
                        users:
                          steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                        """, """
                        grants:
                          - {name: all, tables: ["crm.**", "shop.**", "virtual.**"], actions: [select, ddl], raw: ["*"], to: {groups: [stewards]}}
                        """);
                Connection steward = nicol.connect("steve");
                Statement statement = steward.createStatement()) {
            statement.execute("CREATE SCHEMA virtual.sales");
            String view = create(steward, "virtual.sales", "crm.public", "shop." + TestDatabases.schema(shop));
            double[] times = new double[measured];
            OperatingSystemMXBean process = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
            long processor = 0;
            for (int i = -warmUp; i < measured; i++) {
                if (i == 0) {
                    processor = process.getProcessCpuTime();
                }
                long started = System.nanoTime();
                // Another name each time: a plan is kept for the text that it is of.
                try (ResultSet plan = statement.executeQuery("EXPLAIN PLAN FOR SELECT kind, COUNT(*) AS n"
                        + (i + warmUp) + " FROM " + view + " GROUP BY kind")) {
                    plan.next();
                }
                times[Math.max(i, 0)] = (System.nanoTime() - started) / 1e6;
                if (i == -warmUp) {
                    System.out.printf("first: %.1f ms%n", times[0]);
                }
            }
            double each = (process.getProcessCpuTime() - processor) / 1e6 / measured;
            Arrays.sort(times);
            System.out.printf(
                    "a chain of %d views over two sources, planned after %d others: median %.1f ms, nine in ten %.1f ms, longest"
                            + " %.1f ms; %.1f ms of processor time each, all threads%n",
                    VIEWS.size(), warmUp, times[measured / 2], times[measured * 9 / 10], times[measured - 1], each);
        }
        System.exit(0);
    }
}
