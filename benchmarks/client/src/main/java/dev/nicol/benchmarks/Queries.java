package dev.nicol.benchmarks;

import dev.nicol.benchmarks.Peer.Layout;
import dev.nicol.benchmarks.Peer.Who;
import dev.nicol.server.tpch.TpchAnswers;
import dev.nicol.server.tpch.TpchQueries;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** All 22 queries, customer and nation in MariaDB; answers are held against those of PostgreSQL with all tables. */
final class Queries implements Work {
    private static final String MS = "ms";
    private static final String DIFFERS = "answers differently";

    @Override
    public String name() {
        return "queries";
    }

    /** A query with its tables' places open. */
    static String template(int query) {
        return TpchQueries.sql(query, table -> "${" + table + "}");
    }

    @Override
    public void run(Bench bench) throws SQLException {
        List<Results> all = new ArrayList<>();
        for (int query = 1; query <= TpchQueries.COUNT; query++) {
            all.add(query(bench, query));
        }
        for (Peer peer : bench.peers()) {
            summary(bench, peer.letter(), all);
        }
    }

    private static Results query(Bench bench, int query) throws SQLException {
        List<List<Object>> expected;
        try (Connection oracle = Databases.connect(bench.databases().postgres())) {
            expected = TpchAnswers.of(oracle, TpchQueries.sql(query, table -> "public." + table));
        }
        Map<String, Double> planning = planning(bench, query);
        List<Variant> variants = new ArrayList<>();
        List<String> different = new ArrayList<>();
        for (Peer peer : bench.peers()) {
            String sql = peer.sql(template(query), Layout.SPREAD);
            variants.add(new Variant(peer.letter(), peer, () -> {
                try (Connection connection = peer.connect(Who.ANALYST)) {
                    long start = System.nanoTime();
                    List<List<Object>> rows = TpchAnswers.of(connection, sql);
                    double taken = (System.nanoTime() - start) / 1e6;
                    if (!rows.equals(expected)) {
                        different.add(peer.letter());
                    }
                    return Map.of(MS, taken);
                }
            }));
        }
        String name = String.format("Q%02d", query);
        Results results = bench.rounds().measure(name, variants, bench.options().limit(), 1);
        results.add("n", planning);
        different.forEach(letter -> results.note(letter, DIFFERS));
        bench.report().add(results);
        return results;
    }

    /** How long Nicol's first EXPLAIN PLAN takes, before it has seen the query; nothing without Nicol, or where it refuses. */
    private static Map<String, Double> planning(Bench bench, int query) {
        for (Peer peer : bench.peers()) {
            if (peer instanceof NicolPeer) {
                try (Connection connection = peer.connect(Who.ANALYST)) {
                    long start = System.nanoTime();
                    Statements.run(connection, "EXPLAIN PLAN FOR " + peer.sql(template(query), Layout.SPREAD));
                    return Map.of("plan_ms", (System.nanoTime() - start) / 1e6);
                } catch (SQLException refused) {
                    // why is told when it is measured
                    return Map.of();
                }
            }
        }
        return Map.of();
    }

    private static void summary(Bench bench, String letter, List<Results> all) {
        Predicate<Results> ran = query -> query.failure(letter) == null;
        long finished = all.stream().filter(ran).count();
        long right = all.stream()
                .filter(ran)
                .filter(query -> query.note(letter) == null)
                .count();
        double total = total(letter, all, ran);
        boolean withNicol = bench.peers().stream().anyMatch(NicolPeer.class::isInstance);
        Predicate<Results> both = ran.and(query -> withNicol && query.failure("n") == null);
        double ours = total("n", all, both);
        double theirs = total(letter, all, both);
        bench.report()
                .say(String.format(
                        "%s: %d of %d finish, %d with the answer of PostgreSQL, in %.0f ms; those that n finishes too: %.0f ms,"
                                + " n %.0f ms, %.2f x",
                        letter, finished, all.size(), right, total, theirs, ours, ours / theirs));
    }

    private static double total(String letter, List<Results> all, Predicate<Results> which) {
        return all.stream()
                .filter(which)
                .mapToDouble(query -> query.median(letter, MS))
                .sum();
    }
}
