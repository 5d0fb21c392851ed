package dev.nicol.server.audit;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.Server;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Prints what the trail costs a cached point query on PostgreSQL: its time with one client and its throughput with eight, with
 * the trail over the same without, in pairs within one run. Nothing in the product switches the trail off; this takes it out of
 * the pipeline by reflection. Run by hand; arguments: pairs (15), seconds of each half (2), kind of store (all),
 * fsync (all).
 */
final class TrailShare {
    private static final int ROWS = 10_000;
    private static final int CLIENTS = 8;
    private static final int WARM_UP_S = 40;

    private static final AuditTrail NONE = new AuditTrail() {
        @Override
        public void begin(Intent intent) {}

        @Override
        public void complete(String statementId, Outcome outcome) {}

        @Override
        public void refused(Intent intent, Outcome outcome) {}

        @Override
        public void event(String kind, String userName, String detail) {}
    };

    private TrailShare() {}

    public static void main(String[] arguments) throws Exception {
        int pairs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 15;
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2;
        for (TestStore store : TestStore.values()) {
            for (String fsync : new String[] {"interval", "each"}) {
                if ((arguments.length < 3 || store.name().equalsIgnoreCase(arguments[2]))
                        && (arguments.length < 4 || fsync.equals(arguments[3]))) {
                    measure(store, fsync, pairs, seconds);
                }
            }
        }
        // embedded databases of tests end with the process
        System.exit(0);
    }

    private static void measure(TestStore store, String fsync, int pairs, int seconds) throws Exception {
        SourceDefinition postgres = TestDatabases.postgres("pg");
        TestDatabases.execute(
                postgres.url(),
                "postgres",
                "",
                "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(40))",
                "INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, " + ROWS + ") AS i",
                "ANALYZE t");
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try (TestNicol nicol =
                TestNicol.start(List.of(postgres), """
                users:
                  ann: {password: "$HASH", groups: [readers]}
                """, """
                grants:
                  - {name: all, tables: ["pg.**"], actions: [select], to: {groups: [readers]}}
                """, store.config() + "audit: {fsync: " + fsync + "}\n")) {
            Switch trail = new Switch(nicol);
            List<Connection> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(nicol.connect("ann"));
            }
            for (List<Connection> used : List.of(clients.subList(0, 1), clients)) {
                statements(threads, used, WARM_UP_S);
                double[] ratios = new double[pairs];
                double[] rates = new double[2];
                for (int pair = 0; pair < pairs; pair++) {
                    double[] rate = new double[2];
                    // which half comes first alternates, so that what drifts does not favour one
                    for (int half = 0; half < 2; half++) {
                        int with = (pair + half) % 2;
                        trail.set(with == 1);
                        rate[with] = (double) statements(threads, used, seconds) / seconds;
                    }
                    ratios[pair] = rate[0] / rate[1];
                    rates[0] += rate[0] / pairs;
                    rates[1] += rate[1] / pairs;
                }
                Arrays.sort(ratios);
                System.out.printf(
                        "%s, fsync %s, %d clients: %.0f statements/s with the trail, %.0f without;"
                                + " time with/without: median %.3f, quartiles %.3f to %.3f, of %d pairs%n",
                        store,
                        fsync,
                        used.size(),
                        rates[1],
                        rates[0],
                        ratios[pairs / 2],
                        ratios[pairs / 4],
                        ratios[pairs * 3 / 4],
                        pairs);
            }
            for (Connection client : clients) {
                client.close();
            }
        } finally {
            threads.shutdown();
        }
    }

    private static long statements(ExecutorService threads, List<Connection> clients, int seconds) throws Exception {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        List<Future<Long>> counts = new ArrayList<>();
        for (Connection client : clients) {
            counts.add(threads.submit(() -> statements(client, end)));
        }
        long statements = 0;
        for (Future<Long> count : counts) {
            statements += count.get();
        }
        return statements;
    }

    private static long statements(Connection client, long end) throws SQLException {
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

    /** The trail of a server's pipeline, in or out. */
    private static final class Switch {
        private final Object stage;
        private final Field field;
        private final Object real;

        Switch(TestNicol nicol) throws ReflectiveOperationException {
            Object server = get(field(TestNicol.class, "server"), nicol);
            Object pipelines = get(field(Server.class, "pipelines"), server);
            Object pipeline = get(field(pipelines.getClass(), "pipeline"), pipelines);
            Object stages = get(field(pipeline.getClass(), "stages"), pipeline);
            Method audit = accessible(stages.getClass().getDeclaredMethod("audit"));
            stage = audit.invoke(stages);
            field = field(stage.getClass(), "trail");
            real = get(field, stage);
        }

        void set(boolean in) throws ReflectiveOperationException {
            field.set(stage, in ? real : NONE);
        }

        private static Field field(Class<?> type, String name) throws ReflectiveOperationException {
            return accessible(type.getDeclaredField(name));
        }

        private static Object get(Field field, Object owner) throws ReflectiveOperationException {
            return field.get(owner);
        }

        private static <T extends AccessibleObject> T accessible(T member) {
            member.setAccessible(true);
            return member;
        }
    }
}
