package dev.nicol.benchmarks;

import dev.nicol.benchmarks.Peer.Format;
import dev.nicol.benchmarks.Peer.Layout;
import dev.nicol.benchmarks.Peer.Who;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * What a work runs on: databases, and peers whose servers are started.
 *
 * @param peers in the order of their letters
 */
record Bench(Options options, Databases databases, List<Peer> peers, Rounds rounds, Report report) {
    /** Measures the same of every peer, by analysts, and reports it. */
    Results compare(String name, int clients, Who who, Function<Peer, Loop.Preparation> preparation) {
        List<Variant> variants = new ArrayList<>();
        for (Peer peer : peers) {
            Loop.Opening opening = client -> peer.connect(who, Format.JSON, client);
            variants.add(new Variant(
                    peer.letter(), peer, new Loop(clients, options.seconds(), opening, preparation.apply(peer))));
        }
        Results results = rounds.measure(name, variants, rounds.limit());
        report.add(results);
        return results;
    }

    /** The same statement, sent as text each time. */
    Results compare(String name, int clients, String template, Layout layout) {
        return compare(name, clients, Who.ANALYST, peer -> {
            String sql = peer.sql(template, layout);
            return Statements.adHoc(number -> sql);
        });
    }
}
