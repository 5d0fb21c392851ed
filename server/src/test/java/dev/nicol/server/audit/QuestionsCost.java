package dev.nicol.server.audit;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.lineage.LineageEdge.Kind;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.server.pipeline.MaskKeys;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeSystem;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * Prints what the questions of docs/guides/auditing.md, and searches of the lineage, cost over a long trail. Run by hand in
 * the directory of the repository; arguments: events (1000000), kinds of store (all). The trail is made of {@value #KINDS}
 * different statements of {@value #USERS} users; it has rows for all tables that are asked, and no chain.
 */
final class QuestionsCost {
    private static final int KINDS = 1_000;
    private static final int USERS = 20;
    private static final int KEYS = 100_000;
    private static final int STATEMENTS_AT_ONCE = 20_000;
    private static final int RUNS = 3;
    private static final Pattern QUESTION =
            Pattern.compile("## (\\d+\\. [^\\n]*)\\n\\n```sql\\n(.*?)```", Pattern.DOTALL);

    private static final String POLICY = """
            grants:
              - {name: all, tables: ["crm.**"], actions: [select], to: {roles: [analyst]}}
            """;

    private QuestionsCost() {}

    public static void main(String[] arguments) throws Exception {
        long events = arguments.length > 0 ? Long.parseLong(arguments[0]) : 1_000_000;
        for (TestStore kind : TestStore.values()) {
            if (arguments.length < 2 || kind.name().equalsIgnoreCase(arguments[1])) {
                measure(kind, events);
            }
        }
        // embedded databases of tests end with the process
        System.exit(0);
    }

    private static void measure(TestStore kind, long events) throws Exception {
        StoreSettings settings = kind.settings(Files.createTempDirectory("questions-cost"));
        long began = System.nanoTime();
        try (Store store = Store.open(settings);
                Connection connection = store.connection()) {
            fill(connection, kind, events / 2, keyOfACustomer(store));
        }
        System.out.printf(
                "%s, %d events, written in %d s%n", kind, events, (System.nanoTime() - began) / 1_000_000_000L);
        String users = "users:\n  audra: {password: \"$HASH\", roles: [auditor]}\n"
                + "  user7: {password: \"$HASH\", roles: [analyst]}\n";
        SourceDefinition crm = TestDatabases.h2("crm");
        TestDatabases.execute(
                crm.url(), "sa", "", "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(40))");
        String rowsTouched = "audit: {rows_touched: {tables: ['crm.public.customers']}}\n";
        try (TestNicol nicol = TestNicol.start(List.of(crm), users, POLICY, TestStore.config(settings) + rowsTouched)) {
            for (String user : List.of("audra", "user7")) {
                try (Connection connection = nicol.connect(user);
                        Statement statement = connection.createStatement()) {
                    for (Map.Entry<String, String> question : questions().entrySet()) {
                        ask(statement, user, question.getKey(), question.getValue());
                    }
                }
            }
        }
    }

    /** As the server will look for it. */
    private static String keyOfACustomer(Store store) {
        try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            MaskKeys keys = MaskKeys.of(store.maskKey(), new KeyRecords(store, trail));
            RelDataType integer = new SqlTypeFactoryImpl(RelDataTypeSystem.DEFAULT).createSqlType(SqlTypeName.INTEGER);
            TableName customers = new TableName("crm", "PUBLIC", "CUSTOMERS");
            return Objects.requireNonNull(RowHash.of(customers, List.of(integer), List.of("2"), keys));
        }
    }

    private static Map<String, String> questions() throws Exception {
        Map<String, String> questions = new LinkedHashMap<>();
        Matcher found = QUESTION.matcher(Files.readString(Path.of("docs/guides/auditing.md")));
        while (found.find()) {
            questions.put(found.group(1), found.group(2));
        }
        for (String call : List.of(
                "upstream('lake.public.scores.c1')",
                "upstream('lake.public.t199')",
                "downstream('crm.public.customers.email')",
                "downstream('crm.public.customers')")) {
            questions.put(call, "SELECT * FROM TABLE(nicol.lineage." + call + ")");
        }
        questions.put(
                "consumers of e-mail",
                "SELECT * FROM nicol.lineage.consumers WHERE source_table = 'CUSTOMERS' AND source_column = 'EMAIL'");
        questions.put("3 by statements", """
                SELECT s.user_name, COALESCE(a.mask, 'raw') AS shown, a.access, COUNT(*) AS statements
                FROM nicol.audit.column_access AS a
                JOIN nicol.audit.statements AS s ON s.statement_id = a.statement_id
                WHERE a.catalog_name = 'crm' AND a.table_name = 'CUSTOMERS' AND a.column_name = 'EMAIL'
                  AND a.access IN ('read', 'filter', 'join') AND s.verdict IN ('allowed', 'warned')
                GROUP BY s.user_name, COALESCE(a.mask, 'raw'), a.access""");
        questions.put("4 by statements", """
                SELECT e.source_table, e.source_column, e.target, e.target_column, e.masked, s.user_name, SUM(s.row_count)
                FROM nicol.lineage.edges AS e
                JOIN nicol.audit.statements AS s ON s.statement_id = e.statement_id
                WHERE e.source_catalog = 'crm' AND e.target LIKE 'lake.%' AND e.direct AND e.phase = 'ran'
                  AND s.outcome = 'succeeded'
                GROUP BY e.source_table, e.source_column, e.target, e.target_column, e.masked, s.user_name""");
        questions.put("one statement's edges", """
                SELECT COUNT(*) FROM nicol.lineage.edges WHERE statement_id = '01900000-0000-7000-8000-000000123456'""");
        return questions;
    }

    private static void ask(Statement statement, String user, String question, String sql) {
        long[] ms = new long[RUNS];
        int rows = 0;
        try {
            for (int run = 0; run < RUNS; run++) {
                long began = System.nanoTime();
                try (ResultSet result = statement.executeQuery(sql)) {
                    rows = TestNicol.rows(result).size();
                }
                ms[run] = (System.nanoTime() - began) / 1_000_000;
            }
            long first = ms[0];
            Arrays.sort(ms);
            System.out.printf(
                    "%-6s first %6d ms, median %6d ms, %6d rows: %s%n", user, first, ms[RUNS / 2], rows, question);
        } catch (SQLException failure) {
            System.out.printf("%-6s %s: %s%n", user, question, failure.getMessage());
        }
    }

    /**
     * One of the different statements: every third fills a table of the lake (from the customers' database, or from a table
     * of the lake that was filled before), the others are queries; each reads three columns.
     */
    private record Kindred(int number) {
        boolean writes() {
            return number % 3 == 0;
        }

        TableName source() {
            if (writes() && number % 2 == 0) {
                int from = lake() / 2;
                return from == lake() ? crm() : lake(from);
            }
            return crm();
        }

        private TableName crm() {
            int table = number % 20 == 0 || number % 20 == 3 ? 0 : number % 97;
            return new TableName("crm", "PUBLIC", table == 0 ? "CUSTOMERS" : "T" + table);
        }

        private int lake() {
            return number / 3 % 200;
        }

        private static TableName lake(int table) {
            return new TableName("lake", "PUBLIC", table == 0 ? "SCORES" : "T" + table);
        }

        @Nullable
        TableName target() {
            return writes() ? lake(lake()) : null;
        }

        String column(int which) {
            return which == 0 && source().table().equals("CUSTOMERS")
                    ? "EMAIL"
                    : "C" + (writes() ? which : (number + which) % 10);
        }

        List<LineageEdge> edges() {
            List<LineageEdge> edges = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                edges.add(new LineageEdge("C" + i, i + 1, source(), column(i), Kind.IDENTITY, number % 7 == 0));
            }
            edges.add(new LineageEdge(null, 0, source(), column(2), Kind.FILTER, false));
            return edges;
        }
    }

    private static void fill(Connection connection, TestStore kind, long statements, String key) throws SQLException {
        long began = System.nanoTime();
        shapes(connection);
        try (Statement statement = connection.createStatement()) {
            // what is written in no order at all, which no trail is, is sorted at the end
            statement.execute("DROP INDEX audit.statements_of_usage");
            statement.execute("DROP INDEX audit.rows_touched_by_key");
            for (long from = 0; from < statements; from += STATEMENTS_AT_ONCE) {
                long to = Math.min(statements, from + STATEMENTS_AT_ONCE) - 1;
                String numbers = kind == TestStore.EMBEDDED
                        ? "(SELECT x AS n FROM SYSTEM_RANGE(" + from + ", " + to + "))"
                        : "(SELECT n FROM generate_series(" + from + ", " + to + ") AS s(n))";
                String each = " FROM (SELECT n, MOD(n, " + KINDS + ") AS k, MOD(n / " + KINDS + ", " + USERS
                        + ") AS u, '01900000-0000-7000-8000-' || LPAD(CAST(n AS VARCHAR), 12, '0') AS id,"
                        + " TIMESTAMP WITH TIME ZONE '2026-01-01 00:00:00+00' + n * INTERVAL '1' SECOND AS moment FROM "
                        + numbers + " numbers) s ";
                rows(statement, each, key);
            }
            statement.execute("CREATE INDEX statements_of_usage ON audit.statements (usage_id, outcome, started_at)");
            statement.execute("CREATE INDEX rows_touched_by_key ON audit.rows_touched (table_id, key_hash)");
            usages(statement);
        }
        System.out.printf("%d s for the rows%n", (System.nanoTime() - began) / 1_000_000_000L);
        flows(connection, statements);
    }

    /** The shapes; a table of their ids by kind. */
    private static void shapes(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE internal.cost_shapes (k INTEGER PRIMARY KEY, lineage_id VARCHAR)");
        }
        List<Usage> usages = new ArrayList<>();
        List<List<@Nullable Object>> ids = new ArrayList<>();
        for (int k = 0; k < KINDS; k++) {
            Usage usage = Usage.of(intent(k, "user0"), "loaded");
            usages.add(usage);
            ids.add(List.of(k, usage.lineageId()));
        }
        Usages.ids(connection, usages);
        TrailTransaction.batch(connection, "INSERT INTO internal.cost_shapes VALUES (?, ?)", ids);
        try (Statement statement = connection.createStatement()) {
            statement.execute("DELETE FROM internal.usages");
        }
    }

    /** As the trail's writer has them. */
    private static void usages(Statement statement) throws SQLException {
        statement.execute("INSERT INTO internal.usages (usage_id, digest, server, lineage_id, user_name, agent,"
                + " on_behalf_of, purpose, model, statement_kind, verdict) SELECT s.usage_id,"
                + " CAST(s.usage_id AS VARCHAR), 'loaded', c.lineage_id, s.user_name, s.agent, s.on_behalf_of,"
                + " s.purpose, s.model, s.statement_kind, s.verdict FROM (SELECT DISTINCT usage_id, user_name, agent,"
                + " on_behalf_of, purpose, model, statement_kind, verdict FROM audit.statements) s"
                + " JOIN internal.cost_shapes c ON c.k = MOD(s.usage_id, " + KINDS + ")");
        statement.execute("INSERT INTO internal.usage_sums (usage_id, outcome, delivered, statements, row_count,"
                + " first_at, last_at) SELECT s.usage_id, s.outcome, " + UsageSums.DELIVERED + ", COUNT(*),"
                + " SUM(s.row_count), MIN(s.started_at), MAX(s.started_at) FROM audit.statements s"
                + " GROUP BY s.usage_id, s.outcome, " + UsageSums.DELIVERED);
        statement.execute("ALTER TABLE internal.usages ALTER COLUMN usage_id RESTART WITH 1000000000");
        statement.execute("DROP TABLE internal.cost_shapes");
    }

    private static TrailEvent intent(int k, String user) {
        Kindred kindred = new Kindred(k);
        Lineage lineage = new Lineage(true, kindred.edges());
        List<AuditTrail.ColumnAccess> columns = new ArrayList<>();
        for (LineageEdge edge : kindred.edges()) {
            List<String> tags = edge.sourceColumn().equals("EMAIL") ? List.of("EMAIL") : List.of();
            columns.add(new AuditTrail.ColumnAccess(
                    edge.sourceTable(), edge.sourceColumn(), tags, "read", edge.masked() ? "redact" : null, null));
            TableName target = kindred.target();
            if (target != null && edge.targetColumn() != null) {
                columns.add(new AuditTrail.ColumnAccess(target, edge.targetColumn(), List.of(), "write", null, null));
            }
        }
        AuditTrail.Intent intent = new AuditTrail.Intent(
                "01900000-0000-7000-8000-" + k,
                Subject.human(user, Set.of(), Set.of(), Map.of()),
                "connection",
                "…",
                List.of(),
                kindred.writes() ? "INSERT" : "SELECT",
                "allowed",
                List.of(),
                null,
                "v1",
                new AuditTrail.Flow(kindred.target(), lineage, lineage),
                columns);
        return TrailEvent.intent(intent, Instant.parse("2026-01-01T00:00:00Z"));
    }

    /** Of a hundred statements two are refused, three of a model, ten of an agent, a third has no purpose. */
    private static void rows(Statement statement, String each, String key) throws SQLException {
        String writes = "MOD(k, 3) = 0";
        statement.execute("INSERT INTO audit.statements (statement_id, started_at, finished_at, user_name, agent,"
                + " on_behalf_of, purpose, model, connection_id, sql_text, sql_hash, statement_kind, verdict, rules,"
                + " outcome, sqlstate, row_count, byte_count, duration_ms, policy_version, server, usage_id)"
                + " SELECT id, moment, moment, 'user' || u, CASE WHEN MOD(u, 10) = 0 THEN 'agent' || u END,"
                + " CASE WHEN MOD(u, 10) = 0 THEN 'user1' END, CASE WHEN MOD(n, 3) < 2 THEN 'purpose' || MOD(n, 8) END,"
                + " CASE WHEN MOD(n, 37) = 36 THEN 'model' || MOD(n, 11) END, 'connection' || u,"
                + " 'SELECT c1, c2, c3 FROM crm.public.some_table AS s WHERE c3 > 17 AND c1 IS NOT NULL /* ' || k || ' */',"
                + " 'abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd' || k, CASE WHEN " + writes
                + " THEN 'INSERT' ELSE 'SELECT' END, CASE WHEN MOD(n, 50) = 1 THEN 'denied' ELSE 'allowed' END, 'all',"
                + " CASE WHEN MOD(n, 50) = 1 THEN 'denied' WHEN MOD(n, 70) = 2 THEN 'failed' ELSE 'succeeded' END,"
                + " CASE WHEN MOD(n, 50) = 1 THEN '42501' END, 10, 1000, 5, 'v1', 'loaded',"
                + " (((MOD(n, 37) / 36) * (1 + MOD(n, 11)) * 3 + MOD(n, 3)) * " + USERS + " + u) * " + KINDS + " + k"
                + each);
        statement.execute(
                "INSERT INTO audit.events (event_id, occurred_at, kind, user_name, detail, previous_hash, hash,"
                        + " statement_id, server) SELECT n * 2 + e.x, moment, CASE WHEN e.x = 1 THEN 'intent' WHEN MOD(n, 50) = 1"
                        + " THEN 'refused' ELSE 'outcome' END, 'user' || u, NULL,"
                        + " 'abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd',"
                        + " 'abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd', id, 'loaded'" + each
                        + " CROSS JOIN (VALUES (1), (2)) AS e(x)");
        statement.execute(
                "INSERT INTO audit.rows_touched (statement_id, catalog_name, schema_name, table_name, key_hash,"
                        + " access, table_id) SELECT id, 'crm', 'PUBLIC', 'CUSTOMERS', CASE WHEN MOD(n * 31, " + KEYS
                        + ") = 20 THEN '" + key + "' ELSE LPAD(CAST(MOD(n * 31, " + KEYS
                        + ") AS VARCHAR), 32, '0') END, 'read', '"
                        + RowHash.tableId(new TableName("crm", "PUBLIC", "CUSTOMERS"))
                        + "'" + each + " WHERE MOD(k, 20) = 0 OR MOD(k, 20) = 3");
        statement.execute("INSERT INTO audit.source_queries (statement_id, source, environment, sql_sent, row_count,"
                + " duration_ms) SELECT id, 'crm', 'production', 'SELECT c1, c2, c3 FROM some_table', 10, 4" + each
                + " WHERE MOD(n, 50) <> 1");
    }

    /** As the trail's writer sums them up; then as often as they are in the trail. */
    private static void flows(Connection connection, long statements) throws SQLException {
        for (int user = 0; user < USERS && user * (long) KINDS < statements; user++) {
            Flows flows = new Flows("loaded");
            for (int k = 0; k < KINDS; k++) {
                flows.add(intent(k, "user" + user));
            }
            flows.write(connection);
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    "UPDATE internal.flows SET statements = statements * " + Math.max(1, statements / KINDS / USERS));
            statement.execute("ANALYZE");
        }
    }
}
