package dev.nicol.server;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.SourceIdentity;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.policy.Subject;
import dev.nicol.server.config.ConfigReader;
import dev.nicol.server.pipeline.Pipelines;
import dev.nicol.server.pipeline.Session;
import dev.nicol.server.pipeline.StatementResult;
import dev.nicol.server.pipeline.Statements;
import dev.nicol.server.testing.TestNicol;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Prints what telling PostgreSQL whom a cached point query is for costs: the median time with the comment over that without,
 * statement by statement in turns, in one session; and where two sessions take turns on one connection, that of the
 * statement that must tell over that of the one that need not. Run by hand; arguments: statements (8000), of warming up
 * (20000).
 */
final class SourceTagShare {
    private static final int ROWS = 10_000;

    private SourceTagShare() {}

    public static void main(String[] arguments) throws ReflectiveOperationException {
        int statements = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 8_000;
        int warmUp = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 20_000;
        SourceDefinition postgres = TestDatabases.postgres("pg");
        TestDatabases.execute(
                postgres.url(),
                "postgres",
                "",
                "CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR(40))",
                "INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, " + ROWS + ") AS i",
                "ANALYZE t");
        SourceDefinition one =
                new SourceDefinition("pg", "postgresql", postgres.url(), "postgres", "", "development", Map.of(), 1);
        try (Server server = Server.withoutPort(ConfigReader.read(TestNicol.files(
                        List.of(one),
                        "users: {ann: {password: \"$HASH\", groups: [readers]}}",
                        "grants: [{name: all, tables: [\"pg.**\"], actions: [select], raw: [\"*\"], to: {groups: [readers]}}]",
                        "")
                .resolve("nicol.yaml")))) {
            Field pipelines = Server.class.getDeclaredField("pipelines");
            pipelines.setAccessible(true);
            Statements pipeline = ((Pipelines) pipelines.get(server)).statements();
            Session ann = session("ann");
            comment(pipeline, ann, warmUp);
            System.out.println("comment: " + comment(pipeline, ann, statements));
            turns(pipeline, ann, session("bob"), warmUp / 10);
            System.out.println("turns: " + turns(pipeline, ann, session("bob"), statements));
        }
        // embedded databases of tests end with the process
        System.exit(0);
    }

    private static Session session(String name) {
        return new Session("connection-of-" + name, Subject.human(name, Set.of("readers"), Set.of(), Map.of()));
    }

    private static String comment(Statements pipeline, Session session, int statements)
            throws ReflectiveOperationException {
        Field identity = Session.class.getDeclaredField("identity");
        identity.setAccessible(true);
        Field comment = SourceIdentity.class.getDeclaredField("comment");
        comment.setAccessible(true);
        Object with = identity.get(session);
        Object without = SourceIdentity.of("ann", null, null, session.connectionId());
        comment.set(without, "");
        long[][] times = new long[2][statements / 2];
        for (int i = 0; i < statements / 2 * 2; i++) {
            identity.set(session, i % 2 == 0 ? without : with);
            times[i % 2][i / 2] = time(pipeline, session, i);
        }
        identity.set(session, with);
        return ratio(times[1], times[0]);
    }

    private static String turns(Statements pipeline, Session one, Session other, int statements) {
        long[][] times = new long[2][statements / 2];
        for (int i = 0; i < statements / 2 * 2; i++) {
            times[i % 2][i / 2] = time(pipeline, i / 2 % 2 == 0 ? one : other, i);
        }
        return ratio(times[0], times[1]);
    }

    private static long time(Statements pipeline, Session session, int i) {
        int id = (int) (i * 7_919L % ROWS) + 1;
        long start = System.nanoTime();
        StatementResult result = pipeline.execute(session, "SELECT v FROM pg.public.t WHERE id = ?", List.of(id), 0);
        StatementResult.RowCursor cursor = ((StatementResult.Rows) result).cursor();
        if (cursor.next() == null || cursor.next() != null) {
            throw new IllegalStateException("not one row");
        }
        cursor.close();
        return System.nanoTime() - start;
    }

    private static String ratio(long[] more, long[] less) {
        Arrays.sort(more);
        Arrays.sort(less);
        double with = more[more.length / 2] / 1000.0;
        double without = less[less.length / 2] / 1000.0;
        return "%.0f us / %.0f us = %.3f".formatted(with, without, with / without);
    }
}
