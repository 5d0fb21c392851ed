package dev.nicol.benchmarks;

import dev.nicol.benchmarks.Peer.Layout;

/** Queries 1 and 6, which PostgreSQL can compute whole. */
final class Aggregates implements Work {
    @Override
    public String name() {
        return "aggregates";
    }

    @Override
    public void run(Bench bench) {
        for (int query : new int[] {1, 6}) {
            bench.compare("Q" + query, 1, Queries.template(query), Layout.WHOLE);
        }
    }
}
