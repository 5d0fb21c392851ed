package dev.nicol.server;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;

/**
 * Prints what guardrails cost a cached point query on PostgreSQL with one client: its time under a rule of each kind, none of
 * which trips, over the same without rules, in pairs within one run, on two servers. Run by hand; arguments: pairs (31),
 * seconds of each half (2), seconds of warming up (40).
 */
final class GuardShare {
    private static final int ROWS = 10_000;

    private static final String GRANTS = """
            grants:
              - {name: all, tables: ["pg.**"], actions: [select], raw: ["*"], to: {groups: [readers]}}
            """;

    private static final String GUARDRAILS = """
            guardrails:
              - {name: g01, statements: [ddl], environments: [development, production], action: deny}
              - {name: g02, check: unbounded_write, action: deny}
              - {name: g03, statements: [select], rows_over: 1000, action: deny}
              - {name: g04, unbounded_read_over: 1000, action: deny}
              - {name: g05, check: cartesian_product, action: deny}
              - {name: g06, joins_over: 3, action: deny}
              - {name: g07, tags: [EMAIL], joined_with: [ads], action: deny}
              - {name: g08, tags_together: [EMAIL, SALARY], action: deny}
              - {name: g09, check: agent_without_purpose, action: deny}
              - {name: g10, statements: [select], times: {days: [mon], from: "00:00", to: "00:01", zone: Europe/Berlin}, action: warn}
              - {name: g11, budget: {rows: 1000000000, per: day}, action: deny}
              - {name: g12, budget: {statements: 1000000000, bytes: 1000000000000, per: hour}, action: deny}
              - {name: g13, check: first_read, tags: [EMAIL], action: deny}
              - {name: g14, tags: [SALARY], action: deny}
              - {name: g15, statements: [truncate], rows_over: 5, action: deny}
            """;

    private GuardShare() {}

    public static void main(String[] arguments) throws SQLException {
        int pairs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 31;
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2;
        int warmUp = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 40;
        SourceDefinition postgres = TestDatabases.postgres("pg");
        TestDatabases.execute(
                postgres.url(),
                "postgres",
                "",
                "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(40))",
                "INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, " + ROWS + ") AS i",
                "ANALYZE t");
        SourceDefinition ads = TestDatabases.h2("ads");
        try (TestNicol without = started(List.of(postgres, ads), GRANTS);
                TestNicol with = started(List.of(postgres, ads), GRANTS + GUARDRAILS);
                Connection plain = without.connect("ann");
                Connection guarded = with.connect("ann")) {
            List<Connection> halves = List.of(plain, guarded);
            for (Connection half : halves) {
                statements(half, warmUp / 2);
            }
            double[] ratios = new double[pairs];
            double[] rates = new double[2];
            for (int pair = 0; pair < pairs; pair++) {
                double[] rate = new double[2];
                // which half comes first alternates, so that what drifts does not favour one
                for (int half = 0; half < 2; half++) {
                    int which = (pair + half) % 2;
                    rate[which] = statements(halves.get(which), seconds) / (double) seconds;
                }
                ratios[pair] = rate[0] / rate[1];
                rates[0] += rate[0] / pairs;
                rates[1] += rate[1] / pairs;
            }
            Arrays.sort(ratios);
            System.out.printf(
                    "15 guardrails: %.0f statements/s with, %.0f without; time with/without: median %.3f, quartiles %.3f"
                            + " to %.3f, of %d pairs%n",
                    rates[1], rates[0], ratios[pairs / 2], ratios[pairs / 4], ratios[pairs * 3 / 4], pairs);
        }
        // embedded databases of tests end with the process
        System.exit(0);
    }

    private static TestNicol started(List<SourceDefinition> sources, String policies) {
        return TestNicol.start(sources, """
                users:
                  ann: {password: "$HASH", groups: [readers]}
                """, policies);
    }

    private static long statements(Connection client, int seconds) throws SQLException {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        long count = 0;
        try (PreparedStatement query = client.prepareStatement("SELECT v FROM pg.public.t WHERE id = ?")) {
            while (System.nanoTime() < end) {
                query.setInt(1, (int) (count * 7_919 % ROWS) + 1);
                try (ResultSet rows = query.executeQuery()) {
                    if (!rows.next() || rows.next()) {
                        throw new IllegalStateException("not one row");
                    }
                }
                count++;
            }
        }
        return count;
    }
}
