package dev.nicol.server.pipeline;

import dev.nicol.lineage.Lineage;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.pipeline.PlannedStatement.Plan;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** How a statement runs, found out once: one plan for calls whose written rows are counted before, one for all others. */
final class Plannings {
    private final Object lock;
    private final AtomicBoolean asked = new AtomicBoolean();
    private @Nullable Made counting;
    private @Nullable Made plain;

    /** A planning, and the kept rows of views that it may read. */
    private record Made(Object kept, Planning planning) {}

    /**
     * How a statement runs.
     *
     * @param ran the lineage of that, within what was asked; null where no plan runs
     * @param watched what of its rows the trail tells apart; null: nothing
     * @param flow what the trail is told of where values go: the same for all calls
     */
    record Planning(
            Plan plan, @Nullable Lineage ran, @Nullable Watched watched, AuditTrail.Flow flow) {
        static Planning of(TracedStatement traced, Plan plan, @Nullable Lineage ran, @Nullable Watched watched) {
            return new Planning(plan, ran, watched, traced.flow(ran));
        }

        /** Whether it may run any number of times at once: it plans nothing more while it runs. */
        boolean isFixed() {
            return plan instanceof Plan.Whole
                    || plan instanceof Plan.Joined
                    || plan instanceof Plan.Write write && write.rows() == null;
        }
    }

    /** @param lock held while the statement's plan is looked at, as that is not safe for more than one thread */
    Plannings(Object lock) {
        this.lock = lock;
    }

    /** Whether it has still to be kept for others: true for who asks first. */
    boolean toBeKept() {
        return !asked.getAndSet(true);
    }

    /**
     * The planning; made anew where other rows than then are kept.
     *
     * @param kept which rows of views may answer now
     */
    Planning of(boolean counted, Object kept, Supplier<Planning> make) {
        synchronized (lock) {
            Made made = counted ? counting : plain;
            if (made == null || !made.kept().equals(kept)) {
                made = new Made(kept, make.get());
                if (counted) {
                    counting = made;
                } else {
                    plain = made;
                }
            }
            return made.planning();
        }
    }
}
