package dev.nicol.server;

import dev.nicol.adapters.Source;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The connections of a source, for operators. */
final class SourceMetrics {
    private SourceMetrics() {}

    /** The source, which is measured from now on. */
    static Source of(Source source, MeterRegistry metrics) {
        Map<String, ToDoubleFunction<Source>> counts = Map.of(
                "active", Source::activeConnections,
                "idle", Source::idleConnections,
                "waiting", Source::waitingForConnections);
        counts.forEach((state, count) -> Gauge.builder("nicol.sources.connections", source, count)
                .description("Connections to a source: in use, idle, waited for")
                .tag("source", source.definition().name())
                .tag("state", state)
                .register(metrics));
        return source;
    }
}
