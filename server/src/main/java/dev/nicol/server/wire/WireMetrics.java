package dev.nicol.server.wire;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.calcite.avatica.remote.Service.ErrorResponse;
import org.apache.calcite.avatica.remote.Service.Response;
import org.eclipse.jetty.io.ConnectionStatistics;

/** Counts requests by kind and SQLSTATE. No label names a user: {@code /metrics} is read without credentials. */
final class WireMetrics {
    private static final String SUCCESS = "00000";

    private final MeterRegistry registry;
    private final Map<String, Timer> timers = new ConcurrentHashMap<>();
    private final Counter bytesIn;
    private final Counter bytesOut;
    private final Counter challenges;

    WireMetrics(MeterRegistry registry, WireConnections connections, ConnectionStatistics http) {
        Gauge.builder("nicol.wire.http.connections", http, ConnectionStatistics::getConnections)
                .description("Open HTTP connections")
                .register(registry);
        FunctionCounter.builder("nicol.wire.http.opened", http, ConnectionStatistics::getConnectionsTotal)
                .description("HTTP connections that were opened")
                .register(registry);
        this.registry = registry;
        Gauge.builder("nicol.wire.connections", connections, WireConnections::size)
                .description("Open connections")
                .register(registry);
        Gauge.builder("nicol.wire.cursors", connections, WireConnections::openCursors)
                .description("Answers that clients have not read to the end")
                .register(registry);
        bytesIn = Counter.builder("nicol.wire.received").baseUnit("bytes").register(registry);
        challenges = Counter.builder("nicol.wire.challenges")
                .description("Requests without credentials, which clients then send again with them")
                .register(registry);
        bytesOut = Counter.builder("nicol.wire.sent").baseUnit("bytes").register(registry);
    }

    void challenged() {
        challenges.increment();
    }

    void answered(String request, Response response, long nanos, long received, long sent) {
        String sqlState = response instanceof ErrorResponse error ? error.sqlState : SUCCESS;
        timers.computeIfAbsent(request + ' ' + sqlState, key -> Timer.builder("nicol.wire.requests")
                        .description("Avatica requests")
                        .tag("request", request)
                        .tag("sqlstate", sqlState)
                        .register(registry))
                .record(nanos, TimeUnit.NANOSECONDS);
        bytesIn.increment(received);
        bytesOut.increment(sent);
    }
}
