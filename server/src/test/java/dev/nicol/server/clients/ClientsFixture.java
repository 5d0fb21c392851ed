package dev.nicol.server.clients;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Customers and orders on one PostgreSQL, with names that are hard to quote. */
final class ClientsFixture implements AutoCloseable {
    final SourceDefinition source = TestDatabases.postgres("crm");
    final TestNicol nicol;

    ClientsFixture() {
        TestDatabases.execute(
                source.url(),
                "postgres",
                "",
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(40), credit NUMERIC(12,4), born DATE,"
                        + " seen TIMESTAMP, tags TEXT[])",
                "INSERT INTO customers SELECT n, 'c' || n, n * 1.5, DATE '2000-01-01' + n,"
                        + " TIMESTAMP '2026-03-29 02:30:00.123', ARRAY['a', NULL, 'b,c'] FROM generate_series(1, 100) n",
                "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id),"
                        + " amount NUMERIC(10,2))",
                "INSERT INTO orders SELECT n, (n - 1) % 100 + 1, n FROM generate_series(1, 20000) n",
                "CREATE VIEW rich AS SELECT id, name FROM customers WHERE credit > 100",
                "CREATE VIEW large AS SELECT repeat('x', 64 * 1024 * 1024) AS body",
                "CREATE TABLE hidden (id INTEGER PRIMARY KEY)",
                "CREATE SCHEMA odd",
                "CREATE TABLE odd.\"Mixed Case\" (\"A \"\"b\"\"\" INTEGER, \"dot.ted\" INTEGER, \"naïve\" INTEGER,"
                        + " \"per%cent\" INTEGER, under_score INTEGER, \"underXscore\" INTEGER)");
        nicol = TestNicol.start(List.of(source), "users: {sam: {password: \"$HASH\", groups: [stewards]}}\n", """
                grants:
                  - {name: reads, tables: ["crm.public.customers", "crm.public.rich", "crm.public.large", "crm.odd.*"], actions: [select], raw: ["*"], to: {groups: [stewards]}}
                  - {name: writes, tables: ["crm.public.orders"], actions: [select, insert, update, delete], raw: ["*"], to: {groups: [stewards]}}
                """);
    }

    /** Everything in the URL, as clients have it that take nothing else. */
    String url(String serialization) {
        return "jdbc:avatica:remote:url=" + nicol.url() + ";authentication=BASIC;serialization=" + serialization
                + ";avatica_user=sam;avatica_password=" + TestNicol.PASSWORD;
    }

    static List<String> column(ResultSet rows, String label) throws SQLException {
        List<String> values = new ArrayList<>();
        try (rows) {
            while (rows.next()) {
                values.add(rows.getString(label));
            }
        }
        return values;
    }

    @Override
    public void close() {
        nicol.close();
    }
}
