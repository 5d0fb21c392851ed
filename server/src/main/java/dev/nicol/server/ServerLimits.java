package dev.nicol.server;

import dev.nicol.server.config.NicolConfig;
import dev.nicol.server.pipeline.QueueLimits;
import dev.nicol.server.pipeline.StatementLimits;
import dev.nicol.server.wire.WireLimits;

/** The bounds in {@code nicol.yaml}, for those who keep them. */
final class ServerLimits {
    private ServerLimits() {}

    static StatementLimits statements(NicolConfig config) {
        NicolConfig.Limits limits = config.limits();
        NicolConfig.Queue queue = limits.queue();
        return new StatementLimits(
                limits.maxRowsInMemory(),
                limits.statementMemoryBytes(),
                limits.serverMemoryBytes(),
                limits.maxResultRows(),
                limits.planCacheBytes(),
                limits.joinKeys(),
                new QueueLimits(queue.running(), queue.runningPerUser(), queue.waiting(), queue.timeout()));
    }

    static WireLimits wire(NicolConfig config) {
        NicolConfig.Limits limits = config.limits();
        NicolConfig.Queue queue = limits.queue();
        WireLimits standard = WireLimits.DEFAULT;
        return standard.withMaxRequestBytes(Math.toIntExact(config.server().maxRequestBytes()))
                .withConnections(
                        limits.maxConnections(), limits.maxConnectionsPerUser(), limits.maxStatementsPerConnection())
                .withThreads(queue.running() + queue.waiting() + WireLimits.OTHER_THREADS)
                .withIdle(limits.idleTimeout(), standard.statementIdle(), standard.sweepInterval());
    }
}
