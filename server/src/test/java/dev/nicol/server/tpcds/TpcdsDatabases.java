package dev.nicol.server.tpcds;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;

/**
 * One PostgreSQL with all tables, and a Nicol over a PostgreSQL and a MariaDB that share them: the sales of stores on
 * PostgreSQL, those of the catalogue and the web on MariaDB, what describes them on either, and some of it behind views.
 */
final class TpcdsDatabases implements AutoCloseable {
    private static final Set<String> AT_MARIADB = Set.of(
            "catalog_sales",
            "catalog_returns",
            "catalog_page",
            "call_center",
            "web_sales",
            "web_returns",
            "web_page",
            "web_site",
            "item",
            "customer_address",
            "promotion",
            "ship_mode",
            "income_band",
            "warehouse");

    /** Read as views of the same names. */
    private static final Set<String> BEHIND_VIEWS =
            Set.of("item", "store", "customer_address", "web_sales", "household_demographics");

    private final Connection oracle;
    private final TestNicol nicol;
    private final Connection governed;
    private final String shopSchema;

    private TpcdsDatabases(Connection oracle, TestNicol nicol, String shopSchema) throws SQLException {
        this.oracle = oracle;
        this.nicol = nicol;
        this.governed = nicol.connect("ana");
        this.shopSchema = shopSchema;
    }

    /** @param share one of how many tickets, orders and items of the inventory there is */
    static TpcdsDatabases start(int share) throws SQLException {
        TpcdsData data = TpcdsData.generate(TestDatabases.directory(), share);
        Connection oracle = connect(TestDatabases.postgres("whole"));
        data.load(oracle, TpcdsData.TABLES);
        SourceDefinition crm = TestDatabases.postgres("crm");
        try (Connection postgres = connect(crm)) {
            data.load(
                    postgres,
                    TpcdsData.TABLES.stream()
                            .filter(table -> !AT_MARIADB.contains(table))
                            .toList());
        }
        SourceDefinition shop = TestDatabases.mariadb("shop");
        try (Connection mariadb = connect(shop)) {
            data.load(mariadb, AT_MARIADB);
        }
        TestNicol nicol = TestNicol.start(List.of(crm, shop), """
                users:
                  ana: {password: "$HASH", groups: [analysts], roles: [steward, auditor]}
                """, """
                grants:
                  - {name: analysts, tables: ["crm.**", "shop.**", "virtual.**"], actions: [select, ddl], raw: ["*"], to: {groups: [analysts]}}
                """);
        TpcdsDatabases databases = new TpcdsDatabases(oracle, nicol, TestDatabases.schema(shop));
        try (Statement statement = databases.governed.createStatement()) {
            statement.execute("CREATE SCHEMA virtual.tpcds");
            for (String table : BEHIND_VIEWS) {
                statement.execute("CREATE VIEW virtual.tpcds." + table + " AS SELECT * FROM " + databases.table(table));
            }
        }
        return databases;
    }

    private static Connection connect(SourceDefinition source) throws SQLException {
        return DriverManager.getConnection(source.url(), source.user(), source.password());
    }

    /** The PostgreSQL that holds all. */
    Connection oracle() {
        return oracle;
    }

    /** Nicol. */
    Connection governed() {
        return governed;
    }

    /** What Nicol calls a table, or the view over it. */
    String place(String table) {
        return BEHIND_VIEWS.contains(table) ? "virtual.tpcds." + table : table(table);
    }

    private String table(String table) {
        return AT_MARIADB.contains(table) ? "shop." + shopSchema + "." + table : "crm.public." + table;
    }

    @Override
    public void close() throws SQLException {
        governed.close();
        nicol.close();
        oracle.close();
    }
}
