package dev.nicol.server;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.policy.PolicySet;
import dev.nicol.server.testing.TestNicol;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * Prints what guardrails cost a cached point query on PostgreSQL with one client: the median time of a statement under a rule of
 * each kind, none of which trips, over that without rules, statement by statement in turns. It takes the rules from the stage
 * that judges by reflection. Run by hand; arguments: blocks (41), statements of a block (400), statements of warming up
 * (20000).
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

    public static void main(String[] arguments) throws SQLException, ReflectiveOperationException {
        int blocks = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 41;
        int statements = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 400;
        int warmUp = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 20_000;
        SourceDefinition postgres = TestDatabases.postgres("pg");
        TestDatabases.execute(
                postgres.url(),
                "postgres",
                "",
                "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(40))",
                "INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, " + ROWS + ") AS i",
                "ANALYZE t");
        SourceDefinition ads = TestDatabases.h2("ads");
        try (TestNicol nicol = started(List.of(postgres, ads), GRANTS + GUARDRAILS);
                Connection client = nicol.connect("ann")) {
            Switch guardrails = new Switch(nicol);
            block(client, guardrails, warmUp);
            double[] ratios = new double[blocks];
            double[] medians = new double[2];
            for (int block = 0; block < blocks; block++) {
                double[] median = block(client, guardrails, statements);
                ratios[block] = median[1] / median[0];
                medians[0] += median[0] / blocks;
                medians[1] += median[1] / blocks;
            }
            Arrays.sort(ratios);
            System.out.printf(
                    "15 guardrails: %.0f us with, %.0f us without; median of a block with/without: median %.3f, quartiles"
                            + " %.3f to %.3f, of %d blocks%n",
                    medians[1] / 1000,
                    medians[0] / 1000,
                    ratios[blocks / 2],
                    ratios[blocks / 4],
                    ratios[blocks * 3 / 4],
                    blocks);
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

    /** Nanoseconds of the median statement without rules, and with. Statements take turns, so that what drifts favours none. */
    private static double[] block(Connection client, Switch guardrails, int statements)
            throws SQLException, ReflectiveOperationException {
        long[][] times = new long[2][statements / 2];
        try (PreparedStatement query = client.prepareStatement("SELECT v FROM pg.public.t WHERE id = ?")) {
            for (int i = 0; i < statements / 2 * 2; i++) {
                guardrails.set(i % 2 == 1);
                query.setInt(1, (int) (i * 7_919L % ROWS) + 1);
                long start = System.nanoTime();
                try (ResultSet rows = query.executeQuery()) {
                    if (!rows.next() || rows.next()) {
                        throw new IllegalStateException("not one row");
                    }
                }
                times[i % 2][i / 2] = System.nanoTime() - start;
            }
        }
        Arrays.sort(times[0]);
        Arrays.sort(times[1]);
        return new double[] {times[0][statements / 4], times[1][statements / 4]};
    }

    /** The guardrails of a server's pipeline, in or out. */
    private static final class Switch {
        private final Object stage;
        private final Field field;
        private final Supplier<PolicySet> with;

        @SuppressWarnings("unchecked")
        Switch(TestNicol nicol) throws ReflectiveOperationException {
            Object server = get(field(TestNicol.class, "server"), nicol);
            Object pipelines = get(field(Server.class, "pipelines"), server);
            Object pipeline = get(field(pipelines.getClass(), "pipeline"), pipelines);
            Object stages = get(field(pipeline.getClass(), "stages"), pipeline);
            Method guard = stages.getClass().getDeclaredMethod("guard");
            guard.setAccessible(true);
            stage = guard.invoke(stages);
            field = field(stage.getClass(), "policies");
            with = (Supplier<PolicySet>) get(field, stage);
        }

        void set(boolean in) throws ReflectiveOperationException {
            PolicySet none = new PolicySet(List.of(), List.of(), List.of(), List.of());
            Supplier<PolicySet> without = () -> none;
            field.set(stage, in ? with : without);
        }

        private static Field field(Class<?> type, String name) throws ReflectiveOperationException {
            Field found = type.getDeclaredField(name);
            found.setAccessible(true);
            return found;
        }

        private static Object get(Field field, Object owner) throws ReflectiveOperationException {
            return field.get(owner);
        }
    }
}
