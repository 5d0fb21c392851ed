package dev.nicol.server.delivery;

import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.TrailFeed;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the trail to one sink: in its order, a batch at a time, each again until the sink has it, and only then on. The cursor
 * moves after that, so what a crash comes between is delivered twice, and nothing is left out.
 */
final class Delivery implements AutoCloseable {
    /** From one look at whether the trail has grown to the next. */
    static final Duration LOOK = Duration.ofMillis(100);

    /** After the first attempt that failed; then it doubles. */
    static final Duration FIRST_PAUSE = Duration.ofMillis(250);

    static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

    /** After which the store is told of events that were passed over, because the sink takes none of their kind. */
    private static final Duration PASSED_OVER = Duration.ofSeconds(1);

    private static final long END_MS = 2_000;
    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);

    private final SinkSettings settings;
    private final Sink sink;
    private final TrailFeed feed;
    private final Cursor cursor;
    private final Clock clock;

    /** All deliveries together hold one of the store's connections at most. */
    private final Lock storeInUse;

    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;

    /** Up to which event the sink has all it takes, which it got last, and what the store knows of that, since when. */
    private volatile long delivered;

    private long received;
    private long stored;
    private long storedNanos;
    private volatile long failures;

    /** What it gets next, and up to which event that is all it takes. */
    private List<TrailFeed.Line> batch = List.of();

    private long batchEnd;

    Delivery(SinkSettings settings, Sink sink, Store store, TrailFeed feed, Lock storeInUse, Clock clock) {
        this.settings = settings;
        this.sink = sink;
        this.feed = feed;
        this.cursor = new Cursor(store, settings.name());
        this.clock = clock;
        this.storeInUse = storeInUse;
        this.stored = cursor.lastEventId();
        this.delivered = stored;
        this.received = stored;
        this.storedNanos = System.nanoTime();
        this.thread = new Thread(this::run, "delivery-" + settings.name());
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    SinkSettings settings() {
        return settings;
    }

    long delivered() {
        return delivered;
    }

    long behind() {
        return Math.max(0, feed.lastId() - delivered);
    }

    /** Attempts that have failed since the last that did not. */
    long failures() {
        return failures;
    }

    private void run() {
        Duration pause = FIRST_PAUSE;
        while (closing.getCount() > 0) {
            try {
                boolean any = deliverNext();
                if (any) {
                    pause = FIRST_PAUSE;
                } else if (closing.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
            } catch (InterruptedException stopped) {
                return;
            } catch (Throwable failure) { // a thrown failure would end the thread, and the delivery with it
                if (closing.getCount() == 0 || !paused(failure, pause)) {
                    return;
                }
                pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause.multipliedBy(2);
            }
        }
    }

    /** False where there is nothing to deliver. */
    private boolean deliverNext() throws IOException, InterruptedException {
        // the sink has it, and the store did not take that
        boolean owed = stored < received;
        boolean passedOver = stored < delivered && System.nanoTime() - storedNanos > PASSED_OVER.toNanos();
        // what failed stays told until the sink takes it
        if (owed || passedOver && failures == 0) {
            move();
        }
        if (batch.isEmpty()) {
            TrailFeed.Page page = withStore(() -> feed.after(delivered, sink.kinds()));
            batch = page.lines().stream().filter(sink::takes).toList();
            batchEnd = page.lastId();
            if (batch.isEmpty()) {
                if (batchEnd > delivered) {
                    delivered = batchEnd;
                    recovered();
                }
                return page.more();
            }
        }
        List<TrailFeed.Line> next = batch.subList(0, Math.min(sink.most(), batch.size()));
        sink.deliver(next);
        batch = batch.subList(next.size(), batch.size());
        delivered = batch.isEmpty() ? batchEnd : next.get(next.size() - 1).eventId();
        received = delivered;
        move();
        recovered();
        return true;
    }

    private void recovered() {
        if (failures > 0) {
            LOG.info("sink `{}` takes events again", settings.name());
            failures = 0;
        }
    }

    private void move() {
        long to = delivered;
        withStore(() -> {
            cursor.delivered(to, clock.instant());
            return to;
        });
        stored = to;
        storedNanos = System.nanoTime();
    }

    /** False where the server stops meanwhile. */
    private boolean paused(Throwable failure, Duration pause) {
        String category = Refusal.category(failure);
        if (failures == 0) {
            LOG.warn(
                    "sink `{}` does not take events ({}, {}): they wait in the trail and are tried again",
                    settings.name(),
                    category,
                    failure.getClass().getName());
        }
        failures++;
        try {
            withStore(() -> {
                cursor.failed(failures, category);
                return true;
            });
        } catch (RuntimeException alsoUnavailable) {
            LOG.debug("the failure of sink `{}` is not in the store", settings.name());
        }
        try {
            return !closing.await(pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException stopped) {
            return false;
        }
    }

    private interface StoreWork<T> {
        T done();
    }

    private <T> T withStore(StoreWork<T> work) {
        storeInUse.lock();
        try {
            return work.done();
        } finally {
            storeInUse.unlock();
        }
    }

    /** What is under way is given up, and delivered again at the next start. */
    @Override
    public void close() {
        closing.countDown();
        thread.interrupt();
        sink.close();
        try {
            thread.join(END_MS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
