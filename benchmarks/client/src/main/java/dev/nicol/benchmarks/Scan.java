package dev.nicol.benchmarks;

import dev.nicol.benchmarks.Peer.Format;
import dev.nicol.benchmarks.Peer.Layout;
import dev.nicol.benchmarks.Peer.Who;
import java.io.IOException;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * All of lineitem, every column of every row, in each format. And the ceiling: what the stock driver makes of answers that
 * were recorded from Nicol and cost nobody anything any more.
 */
final class Scan implements Work {
    private static final String SQL = "SELECT * FROM ${lineitem}";

    /** Rows that are recorded, of which the answers fit in memory. */
    private static final int RECORDED = 100_000;

    /** A round of the slowest that finishes at scale 1, with as much again. */
    private static final Duration LIMIT = Duration.ofMinutes(5);

    @Override
    public String name() {
        return "scan";
    }

    @Override
    public void run(Bench bench) throws SQLException, IOException {
        List<Variant> variants = new ArrayList<>();
        Map<Format, Replay> replays = new EnumMap<>(Format.class);
        try {
            for (Peer peer : bench.peers()) {
                if (!peer.speaksAvatica()) {
                    variants.add(new Variant(peer.letter(), peer, () -> scan(peer, Format.JSON)));
                    continue;
                }
                for (Format format : Format.values()) {
                    variants.add(new Variant(peer.letter() + " " + name(format), peer, () -> scan(peer, format)));
                }
                if (peer instanceof NicolPeer nicol) {
                    for (Format format : Format.values()) {
                        Replay replay = recorded(nicol, format);
                        replays.put(format, replay);
                        variants.add(
                                new Variant("ceiling " + name(format), null, () -> replayed(nicol, replay, format)));
                    }
                }
            }
            bench.report().add(bench.rounds().measure("SELECT * FROM lineitem", variants, LIMIT, 1));
        } finally {
            replays.values().forEach(Replay::close);
        }
    }

    private static String name(Format format) {
        return format.name().toLowerCase(Locale.ROOT);
    }

    private static Map<String, Double> scan(Peer peer, Format format) throws SQLException {
        try (Connection connection = peer.connect(Who.ANALYST, format, 0)) {
            long start = System.nanoTime();
            boolean cursor = peer instanceof Straight;
            long rows = Statements.stream(connection, peer.sql(SQL, Layout.WHOLE), cursor);
            return Map.of("rows_per_s", rows * 1e9 / (System.nanoTime() - start));
        }
    }

    private static Replay recorded(NicolPeer nicol, Format format) throws IOException, SQLException {
        Replay replay = new Replay(URI.create("http://127.0.0.1:" + nicol.port() + "/"));
        replay(nicol, replay, format);
        return replay;
    }

    private static Map<String, Double> replayed(NicolPeer nicol, Replay replay, Format format) throws SQLException {
        replay.rewind();
        return replay(nicol, replay, format);
    }

    private static Map<String, Double> replay(NicolPeer nicol, Replay replay, Format format) throws SQLException {
        try (Connection connection = NicolPeer.connect(replay.url(), Who.ANALYST, format, 0)) {
            long start = System.nanoTime();
            String sql = nicol.sql(SQL, Layout.WHOLE) + " LIMIT " + RECORDED;
            long rows = Statements.stream(connection, sql, false);
            return Map.of("rows_per_s", rows * 1e9 / (System.nanoTime() - start));
        }
    }
}
