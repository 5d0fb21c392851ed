package dev.nicol.server;

import dev.nicol.server.pipeline.Pipelines;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Looks which materialised views are due, one after the other: sources are not asked for several at once. */
final class Refresher implements AutoCloseable {
    /** Between two looks, in milliseconds. */
    private static final long INTERVAL_MS = 500;

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "nicol-refresher");
        thread.setDaemon(true);
        return thread;
    });

    private Refresher() {}

    static Refresher start(Pipelines pipelines) {
        Refresher refresher = new Refresher();
        refresher.timer.scheduleWithFixedDelay(pipelines::refreshDue, INTERVAL_MS, INTERVAL_MS, TimeUnit.MILLISECONDS);
        return refresher;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
