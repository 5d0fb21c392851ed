package dev.nicol.server.approval;

import dev.nicol.policy.NicolException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets requests expire when their time is over, whether anybody looks or not. */
public final class Expiry implements AutoCloseable {
    /** How late a request is seen to be over at most; nothing is decided or run in between. */
    public static final Duration INTERVAL = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(Expiry.class);

    private final ApprovalStore approvals;
    private final Clock clock;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "approval-expiry");
        thread.setDaemon(true);
        return thread;
    });

    private Expiry(ApprovalStore approvals, Clock clock) {
        this.approvals = approvals;
        this.clock = clock;
    }

    public static Expiry start(ApprovalStore approvals, Clock clock) {
        Expiry expiry = new Expiry(approvals, clock);
        expiry.timer.scheduleWithFixedDelay(expiry::expire, 0, INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        return expiry;
    }

    private void expire() {
        try {
            approvals.expireDue(clock.instant());
        } catch (NicolException down) {
            LOG.debug("requests expire once the store is back", down);
        } catch (RuntimeException failure) {
            LOG.warn("requests could not be expired", failure);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
