package dev.nicol.benchmarks;

import dev.nicol.benchmarks.Peer.Layout;
import dev.nicol.benchmarks.Peer.Who;
import java.util.function.LongUnaryOperator;

/** A customer by the primary key, in PostgreSQL; through Nicol by a clerk, behind a row filter and three masks. */
final class Lookup implements Work {
    static final String SQL =
            "SELECT c_custkey, c_name, c_phone, c_acctbal, c_mktsegment FROM ${customer} WHERE c_custkey = ";

    /** A prime, so that keys come in no order. */
    private static final long STEP = 7_919;

    @Override
    public String name() {
        return "lookup";
    }

    @Override
    public void run(Bench bench) {
        LongUnaryOperator keys = keys(bench.databases());
        for (int clients : new int[] {1, 8}) {
            String suffix = clients == 1 ? ", 1 client" : ", " + clients + " clients";
            bench.compare(
                    "prepared" + suffix,
                    clients,
                    Who.CLERK,
                    peer -> Statements.prepared(peer.sql(SQL + "?", Layout.WHOLE), keys));
            Results repeated = bench.compare("ad hoc, repeated" + suffix, clients, Who.CLERK, peer -> {
                String sql = peer.sql(SQL, Layout.WHOLE) + 711;
                return Statements.adHoc(number -> sql);
            });
            Results different = bench.compare("ad hoc, differing literals" + suffix, clients, Who.CLERK, peer -> {
                String sql = peer.sql(SQL, Layout.WHOLE);
                return Statements.adHoc(number -> sql + keys.applyAsLong(number));
            });
            for (Peer peer : bench.peers()) {
                String letter = peer.letter();
                bench.report()
                        .say(String.format(
                                "%s: an ad hoc look-up with another literal takes %.2f x the repeated one%s",
                                letter,
                                different.median(letter, "p50_ms") / repeated.median(letter, "p50_ms"),
                                suffix));
            }
        }
    }

    static LongUnaryOperator keys(Databases databases) {
        int customers = databases.customers();
        return number -> number * STEP % customers + 1;
    }
}
