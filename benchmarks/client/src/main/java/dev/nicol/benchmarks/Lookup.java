package dev.nicol.benchmarks;

import dev.nicol.benchmarks.Peer.Format;
import dev.nicol.benchmarks.Peer.Layout;
import dev.nicol.benchmarks.Peer.Who;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import java.util.function.LongUnaryOperator;

/** A customer by the primary key, in PostgreSQL; through Nicol by a clerk, behind a row filter and three masks. */
final class Lookup implements Work {
    static final String SQL =
            "SELECT c_custkey, c_name, c_phone, c_acctbal, c_mktsegment FROM ${customer} WHERE c_custkey = ";

    private static final String REPEATED = " repeated";
    private static final String DIFFERING = " differing";

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
            adHoc(bench, clients, suffix);
        }
    }

    /** Repeated and differing take turns, as one is compared with the other, too. */
    private static void adHoc(Bench bench, int clients, String suffix) {
        LongUnaryOperator keys = keys(bench.databases());
        List<Variant> variants = new ArrayList<>();
        for (Peer peer : bench.peers()) {
            String sql = peer.sql(SQL, Layout.WHOLE);
            variants.add(variant(bench, clients, peer, REPEATED, number -> sql + 711));
            variants.add(variant(bench, clients, peer, DIFFERING, number -> sql + keys.applyAsLong(number)));
        }
        Results both = bench.rounds()
                .measure("ad hoc" + suffix, variants, bench.rounds().limit());
        bench.report().add(both.only("ad hoc, repeated" + suffix, REPEATED));
        bench.report().add(both.only("ad hoc, differing literals" + suffix, DIFFERING));
        for (Peer peer : bench.peers()) {
            String letter = peer.letter();
            bench.report()
                    .say(String.format(
                            "%s: an ad hoc look-up with another literal takes %.2f x the repeated one%s",
                            letter, both.ratioByRound(letter + DIFFERING, letter + REPEATED, "p50_ms"), suffix));
        }
    }

    private static Variant variant(Bench bench, int clients, Peer peer, String kind, LongFunction<String> sql) {
        Loop.Opening opening = client -> peer.connect(Who.CLERK, Format.JSON, client);
        Loop loop = new Loop(clients, bench.options().seconds(), opening, Statements.adHoc(sql));
        return new Variant(peer.letter() + kind, peer, loop);
    }

    static LongUnaryOperator keys(Databases databases) {
        int customers = databases.customers();
        return number -> number * STEP % customers + 1;
    }
}
