package dev.nicol.benchmarks;

import dev.nicol.benchmarks.Peer.Layout;
import dev.nicol.benchmarks.Peer.Who;
import java.sql.Connection;
import java.util.function.LongUnaryOperator;

/** Connect, one look-up, close. */
final class Connecting implements Work {
    @Override
    public String name() {
        return "connect";
    }

    @Override
    public void run(Bench bench) {
        LongUnaryOperator keys = Lookup.keys(bench.databases());
        bench.compare("connect, one look-up, close", 1, Who.CLERK, peer -> {
            String sql = peer.sql(Lookup.SQL, Layout.WHOLE);
            return idle -> number -> {
                try (Connection connection = peer.connect(Who.CLERK)) {
                    Statements.run(connection, sql + keys.applyAsLong(number));
                }
            };
        });
    }
}
