package dev.nicol.server.audit;

import com.sun.management.OperatingSystemMXBean;
import dev.nicol.server.testing.TestStore;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Prints what one begin and complete cost. Run by hand; arguments: seconds for each measurement (3), kind of store (all). */
final class TrailCost {
    private static final int WARM_UP_STATEMENTS = 30_000;

    private TrailCost() {}

    public static void main(String[] arguments) throws Exception {
        int seconds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 3;
        for (TestStore kind : TestStore.values()) {
            if (arguments.length < 2 || kind.name().equalsIgnoreCase(arguments[1])) {
                measure(kind, seconds);
            }
        }
    }

    private static void measure(TestStore kind, int seconds) throws Exception {
        System.out.println(kind);
        for (long intervalMs : new long[] {0, 1_000}) {
            Path directory = Files.createTempDirectory("trail-cost");
            try (Store store = Store.open(kind.settings(directory));
                    StoreAuditTrail trail = StoreAuditTrail.open(
                            store,
                            TrailSettings.DEFAULT.withFsyncIntervalMs(intervalMs),
                            java.time.Clock.systemUTC())) {
                for (int i = 0; i < WARM_UP_STATEMENTS; i++) {
                    statement(trail);
                }
                for (int threads : new int[] {1, 8, 32}) {
                    measure(trail, threads, seconds, intervalMs == 0 ? "each" : intervalMs + " ms");
                }
            }
        }
    }

    private static void measure(StoreAuditTrail trail, int threads, int seconds, String fsync)
            throws InterruptedException {
        long flushesBefore = trail.flushes();
        long cpuBefore = cpuNanos();
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        long[] counts = new long[threads];
        List<Thread> running = new ArrayList<>();
        for (int thread = 0; thread < threads; thread++) {
            int index = thread;
            running.add(new Thread(() -> {
                while (System.nanoTime() < end) {
                    statement(trail);
                    counts[index]++;
                }
            }));
        }
        running.forEach(Thread::start);
        for (Thread thread : running) {
            thread.join();
        }
        long statements = 0;
        for (long count : counts) {
            statements += count;
        }
        System.out.printf(
                "fsync %-7s %2d threads: %6d statements/s, %5d us begin+complete each, %4d us of processor, %.2f flushes a statement%n",
                fsync,
                threads,
                statements / seconds,
                seconds * 1_000_000L * threads / Math.max(1, statements),
                (cpuNanos() - cpuBefore) / 1_000 / Math.max(1, statements),
                (double) (trail.flushes() - flushesBefore) / statements);
    }

    /** Of this process, whose other threads bring events into tables. */
    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }

    private static void statement(StoreAuditTrail trail) {
        String id = StatementIds.next();
        trail.begin(TrailFixture.select(id));
        trail.complete(id, TrailFixture.succeeded(1));
    }
}
