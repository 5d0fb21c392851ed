package dev.nicol.server.testing;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A server that tells rows apart, over a source of any kind named {@code crm} and another. What the trail has of a statement is
 * read with the keys in place of the hashes, which are computed here anew from the key in its file.
 */
public final class TouchedRowsFixture implements AutoCloseable {
    /** Rows told apart of one statement. */
    public static final int MOST = 5;

    private static final int CUSTOMERS = 12;

    private static final String USERS = """
            users:
              ann: {password: "$HASH", groups: [stewards], roles: [steward]}
              bea: {password: "$HASH", groups: [analysts]}
              dan: {password: "$HASH", groups: [blind]}
              wes: {password: "$HASH", groups: [writers]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICY = """
            grants:
              - {name: stewards, tables: ["**"], actions: [select, insert, update, delete, ddl], raw: ["*"], to: {groups: [stewards]}}
              - {name: analysts, tables: ["crm.**"], actions: [select], to: {groups: [analysts]}}
              - {name: writers, tables: ["crm.**"], actions: [select, insert], to: {groups: [writers]}}
              - {name: blind, tables: ["crm.**"], actions: [select], columns: {deny: [id]}, to: {groups: [blind]}}
            row_filters:
              - {name: own-region, tables: ["crm.*.customers"], where: "region = 'EU'", to: {groups: [analysts]}}
            column_masks:
              - {name: no-ids, columns: ["crm.*.customers.id"], mask: {kind: "null"}, to: {groups: [analysts, writers]}}
            """;

    private static final String CONFIG = """
            audit:
              rows_touched:
                tags: [EMAIL]
                tables: ["crm.*.orders", "crm.*.seats", "crm.*.codes", "crm.*.notes", "crm.*.bodies", "lake.*.scores"]
                max_rows_per_statement: %d
            """.formatted(MOST);

    private final Kind kind;
    private final String schema;
    private final TestNicol nicol;
    private final RowHashes hashes;

    /** What the source is. */
    public enum Kind {
        POSTGRESQL {
            @Override
            SourceDefinition source() {
                return TestDatabases.postgres("crm");
            }
        },
        MARIADB {
            @Override
            SourceDefinition source() {
                return TestDatabases.mariadb("crm");
            }
        },
        H2 {
            @Override
            SourceDefinition source() {
                return TestDatabases.h2("crm");
            }
        },
        DUCKDB {
            @Override
            SourceDefinition source() {
                return TestDatabases.duckdb("crm");
            }
        };

        abstract SourceDefinition source();
    }

    private TouchedRowsFixture(Kind kind, String schema, TestNicol nicol) {
        this.kind = kind;
        this.schema = schema;
        this.nicol = nicol;
        this.hashes = new RowHashes(nicol.directory().resolve("data/nicol.mask-key"));
    }

    /** Fills the sources and starts. */
    public static TouchedRowsFixture start(Kind kind) {
        SourceDefinition crm = kind.source();
        SourceDefinition lake = TestDatabases.h2("lake");
        fill(kind, crm);
        TestDatabases.execute(
                lake.url(),
                lake.user(),
                lake.password(),
                "CREATE TABLE scores (id DECIMAL(10, 0) PRIMARY KEY, score INTEGER)",
                "INSERT INTO scores VALUES (1, 7), (2, 8), (30, 9)");
        TouchedRowsFixture fixture = new TouchedRowsFixture(
                kind, TestDatabases.schema(crm), TestNicol.start(List.of(crm, lake), USERS, POLICY, CONFIG));
        fixture.know();
        return fixture;
    }

    private static void fill(Kind kind, SourceDefinition crm) {
        boolean mariadb = kind == Kind.MARIADB;
        List<String> fill = new ArrayList<>(List.of(
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40), email VARCHAR(60), region VARCHAR(10))",
                "CREATE TABLE orders (id BIGINT PRIMARY KEY, customer_id INTEGER, total DECIMAL(10, 2))",
                "CREATE TABLE seats (hall VARCHAR(10), seat INTEGER, holder VARCHAR(40), PRIMARY KEY (hall, seat))",
                // MariaDB's usual collations take two spellings for one key
                "CREATE TABLE codes (code VARCHAR(20) " + (mariadb ? "COLLATE utf8mb4_bin" : "")
                        + " PRIMARY KEY, given DATE)",
                "CREATE TABLE notes (customer_id INTEGER, note VARCHAR(40))",
                "CREATE TABLE bodies (id INTEGER PRIMARY KEY, body " + (mariadb ? "LONGTEXT" : "VARCHAR(900000)") + ")",
                "CREATE TABLE plain (id INTEGER PRIMARY KEY, x INTEGER)",
                "INSERT INTO orders VALUES (100, 1, 10.50), (101, 1, 20.00), (102, 2, 30.00), (103, NULL, 5.00)",
                "INSERT INTO seats VALUES ('A', 1, 'Ann'), ('A', 2, 'Bob'), ('B', 1, 'Cid')",
                "INSERT INTO codes VALUES ('x-1', DATE '2026-01-02'), ('X-1', NULL), ('y', NULL)",
                "INSERT INTO notes VALUES (1, 'calls back')",
                "INSERT INTO bodies SELECT id, REPEAT('long', 90000) FROM (SELECT 1 AS id UNION ALL SELECT 2 UNION ALL"
                        + " SELECT 3 UNION ALL SELECT 4) AS n",
                "INSERT INTO plain VALUES (1, 1), (2, 1)"));
        for (int id = 1; id <= CUSTOMERS; id++) {
            fill.add("INSERT INTO customers VALUES (" + id + ", 'N" + id + "', 'person" + id + "@example.org', '"
                    + (id % 2 == 0 ? "EU" : "US") + "')");
        }
        TestDatabases.execute(crm.url(), crm.user(), crm.password(), fill.toArray(String[]::new));
    }

    private void know() {
        for (int id = 1; id <= 60; id++) {
            hashes.know("crm", schema, stored("customers"), String.valueOf(id));
            hashes.know("crm", schema, stored("orders"), String.valueOf(99 + id));
            hashes.know("crm", schema, stored("bodies"), String.valueOf(id));
            hashes.know("lake", "PUBLIC", "SCORES", String.valueOf(id));
        }
        for (String hall : List.of("A", "B", "C")) {
            IntStream.range(0, 9)
                    .forEach(seat -> hashes.know("crm", schema, stored("seats"), hall, String.valueOf(seat)));
        }
        List.of("x-1", "X-1", "y", "z", "zz").forEach(code -> hashes.know("crm", schema, stored("codes"), code));
    }

    private String stored(String table) {
        return kind == Kind.H2 ? table.toUpperCase(Locale.ROOT) : table;
    }

    public TestNicol nicol() {
        return nicol;
    }

    /** A table of {@code crm} as SQL names it. */
    public String table(String name) {
        return "crm." + schema + "." + name;
    }

    /** The key that a hash is of, {@code ?} for none. */
    public String key(String hash) {
        return hashes.key(hash);
    }

    public void run(String user, String sql) throws SQLException {
        try (Connection connection = nicol.connect(user);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Runs it, reads all its rows, and answers what the trail has of it: {@code table access key}, in order. */
    public List<String> touched(String user, String sql, Object... values) throws SQLException {
        try (Connection connection = nicol.connect(user);
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            if (statement.execute()) {
                TestNicol.rows(statement.getResultSet());
            }
        }
        return ofLast(user);
    }

    /** The same of the user's last statement. */
    public List<String> ofLast(String user) throws SQLException {
        return nicol
                .rows(
                        "audra",
                        "SELECT table_name, access, key_hash FROM nicol.audit.rows_touched WHERE statement_id ="
                                + " (SELECT MAX(statement_id) FROM nicol.audit.statements WHERE user_name = '" + user
                                + "')")
                .stream()
                .map(row -> row.split("\\|"))
                .map(row -> row[0].toLowerCase(Locale.ROOT) + " " + row[1] + " " + key(row[2]))
                .sorted()
                .toList();
    }

    @Override
    public void close() {
        nicol.close();
    }
}
