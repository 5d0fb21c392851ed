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
import java.util.stream.Collectors;

/**
 * One PostgreSQL with all tables, and a Nicol over it and a MariaDB that has some of them too: these are read there only. Some are
 * read as views.
 */
final class TpcdsDatabases implements AutoCloseable {
    /** Which tables MariaDB has. */
    enum Layout {
        /** Sales of the catalogue and the web, and what describes them. */
        SPREAD(Set.of(
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
                "warehouse")),
        /** All others. */
        SWAPPED(TpcdsData.TABLES.stream()
                .filter(table -> !SPREAD.atMariadb.contains(table))
                .collect(Collectors.toSet())),
        POSTGRES(Set.of()),
        MARIADB(Set.copyOf(TpcdsData.TABLES));

        private final Set<String> atMariadb;

        Layout(Set<String> atMariadb) {
            this.atMariadb = atMariadb;
        }
    }

    /** Read as views of the same names. */
    private static final Set<String> BEHIND_VIEWS =
            Set.of("item", "store", "customer_address", "web_sales", "household_demographics");

    private final Connection oracle;
    private final TestNicol nicol;
    private final Connection governed;
    private final Layout layout;
    private final String shopSchema;

    private TpcdsDatabases(Connection oracle, TestNicol nicol, Layout layout, String shopSchema) throws SQLException {
        this.layout = layout;
        this.oracle = oracle;
        this.nicol = nicol;
        this.governed = nicol.connect("ana");
        this.shopSchema = shopSchema;
    }

    /** @param share one of how many tickets, orders and items of the inventory there is */
    static TpcdsDatabases start(double scale, int share, Layout layout) throws SQLException {
        TpcdsData data = TpcdsData.generate(TestDatabases.directory(), scale, share);
        SourceDefinition crm = TestDatabases.postgres("crm");
        Connection oracle = connect(crm);
        data.load(oracle, TpcdsData.TABLES);
        SourceDefinition shop = TestDatabases.mariadb("shop");
        try (Connection mariadb = connect(shop)) {
            data.load(mariadb, layout.atMariadb);
        }
        TestNicol nicol = TestNicol.start(List.of(crm, shop), """
                users:
                  ana: {password: "$HASH", groups: [analysts], roles: [steward, auditor]}
                """, """
                grants:
                  - {name: analysts, tables: ["crm.**", "shop.**", "virtual.**"], actions: [select, ddl], raw: ["*"], to: {groups: [analysts]}}
                """);
        TpcdsDatabases databases = new TpcdsDatabases(oracle, nicol, layout, TestDatabases.schema(shop));
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
        return layout.atMariadb.contains(table) ? "shop." + shopSchema + "." + table : "crm.public." + table;
    }

    @Override
    public void close() throws SQLException {
        governed.close();
        nicol.close();
        oracle.close();
    }
}
