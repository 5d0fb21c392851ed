package dev.nicol.server.delivery;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.server.audit.ActTransaction;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.TrailFeed;
import dev.nicol.server.audit.Undelivered;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes this server's trail to all its sinks, each at its own pace; none is waited for by a statement. */
public final class Deliveries implements Undelivered, AutoCloseable {
    /** Of events that retention has dropped before a sink had got them. */
    static final String DROPPED = "undelivered_dropped";

    private static final String ADDED = "sink_added";
    private static final String REMOVED = "sink_removed";
    private static final String SYSTEM = "nicol";
    private static final Logger LOG = LoggerFactory.getLogger(Deliveries.class);

    private final Store store;
    private final StoreAuditTrail trail;
    private final ReentrantLock storeInUse = new ReentrantLock(true);
    private final List<Delivery> deliveries = new ArrayList<>();

    private Deliveries(Store store, StoreAuditTrail trail) {
        this.store = store;
        this.trail = trail;
    }

    /** Begins with what each sink has not got yet. */
    public static Deliveries start(
            Store store,
            StoreAuditTrail trail,
            List<SinkSettings> sinks,
            List<SourceDefinition> sources,
            MeterRegistry metrics,
            Clock clock) {
        Deliveries all = new Deliveries(store, trail);
        all.register(sinks);
        TrailFeed feed = new TrailFeed(store, trail);
        Known known = new Known(all.oneAtATime(feed::intent), all.oneAtATime(id -> HeldRequest.find(store, id)));
        for (SinkSettings settings : sinks) {
            Sink sink = sink(settings, store.server(), sources, known, clock);
            Delivery delivery = new Delivery(settings, sink, store, feed, all.storeInUse, clock);
            all.deliveries.add(delivery);
            Gauge.builder("nicol.sink.behind", delivery, Delivery::behind)
                    .description("Events that the sink has not got yet")
                    .tag("sink", settings.name())
                    .register(metrics);
            Gauge.builder("nicol.sink.failures", delivery, Delivery::failures)
                    .description("Attempts to deliver that have failed since the last that did not")
                    .tag("sink", settings.name())
                    .register(metrics);
        }
        all.deliveries.forEach(Delivery::start);
        return all;
    }

    /**
     * What a sink looks up beside the events; null where the store does not have it any more.
     *
     * @param intents the payload of a statement's intent, by its id
     * @param requests a request for approval, by its id
     */
    private record Known(Function<String, @Nullable String> intents, Function<String, @Nullable HeldRequest> requests) {
        static final Known NOTHING = new Known(statementId -> null, approvalId -> null);
    }

    private <T extends @Nullable Object> Function<String, T> oneAtATime(Function<String, T> lookUp) {
        return id -> {
            storeInUse.lock();
            try {
                return lookUp.apply(id);
            } finally {
                storeInUse.unlock();
            }
        };
    }

    private static Sink sink(
            SinkSettings settings, String server, List<SourceDefinition> sources, Known known, Clock clock) {
        SinkSettings.Target target = settings.target();
        if (target instanceof SinkSettings.ToFile file) {
            return new FileSink(file.path());
        } else if (target instanceof SinkSettings.ToSyslog syslog) {
            return new SyslogSink(syslog, settings.timeout(), server);
        } else if (target instanceof SinkSettings.ToWebhook webhook) {
            return new WebhookSink(webhook, settings.timeout(), server, clock);
        } else if (target instanceof SinkSettings.ToHook hook) {
            return new HookSink(hook, settings.timeout(), server, known.requests(), clock);
        } else if (target instanceof SinkSettings.ToOpenLineage lineage) {
            return new OpenLineageSink(
                    lineage, settings.timeout(), new Datasets(lineage.namespace(), sources), known.intents());
        }
        throw new IllegalStateException("no sink for " + target.kind());
    }

    /** Why a sink cannot be reached now, in a word; null where it can. */
    public static @Nullable String unreachable(SinkSettings settings) {
        try (Sink sink = sink(settings, "check", List.of(), Known.NOTHING, Clock.systemUTC())) {
            sink.check();
            return null;
        } catch (IOException | RuntimeException failure) {
            return Refusal.category(failure);
        }
    }

    /** Which sinks there are is part of the trail. */
    private void register(List<SinkSettings> sinks) {
        trail.record(act -> {
            Map<String, @Nullable String> known = new HashMap<>();
            act.handle()
                    .createQuery("SELECT name, last_error FROM internal.sinks WHERE server = ?")
                    .bind(0, act.server())
                    .mapToMap()
                    .forEach(row -> known.put(String.valueOf(row.get("name")), (String) row.get("last_error")));
            for (SinkSettings sink : sinks) {
                boolean isNew = !known.containsKey(sink.name());
                String problem = known.remove(sink.name());
                if (isNew || Cursor.NOT_CONFIGURED.equals(problem)) {
                    add(act, sink, isNew);
                } else {
                    act.handle()
                            .execute(
                                    "UPDATE internal.sinks SET kind = ? WHERE server = ? AND name = ?",
                                    sink.target().kind(),
                                    act.server(),
                                    sink.name());
                }
            }
            known.forEach((name, problem) -> {
                if (!Cursor.NOT_CONFIGURED.equals(problem)) {
                    act.handle()
                            .execute(
                                    "UPDATE internal.sinks SET last_error = ? WHERE server = ? AND name = ?",
                                    Cursor.NOT_CONFIGURED,
                                    act.server(),
                                    name);
                    act.event(REMOVED, SYSTEM, name);
                }
            });
            return sinks.size();
        });
    }

    private static void add(ActTransaction act, SinkSettings sink, boolean isNew) {
        if (isNew) {
            String from = sink.fromNow() ? "last_id" : "0";
            act.handle()
                    .execute(
                            "INSERT INTO internal.sinks (server, name, kind, last_event_id, failures) SELECT chain, ?, ?, "
                                    + from + ", 0 FROM internal.chain_heads WHERE chain = ?",
                            sink.name(),
                            sink.target().kind(),
                            act.server());
        } else {
            act.handle()
                    .execute(
                            "UPDATE internal.sinks SET kind = ?, failures = 0, last_error = NULL WHERE server = ? AND"
                                    + " name = ?",
                            sink.target().kind(),
                            act.server(),
                            sink.name());
        }
        act.event(ADDED, SYSTEM, sink.name() + ", " + sink.target().kind());
    }

    @Override
    public Duration holdBack(Instant before) {
        Duration longest = Duration.ZERO;
        for (Delivery delivery : deliveries) {
            Duration holdBack = delivery.settings().holdBack();
            if (holdBack.compareTo(longest) > 0 && anyAfter(delivery.delivered(), before)) {
                longest = holdBack;
            }
        }
        return longest;
    }

    /** Whether an event that the sink has not got is older than that. */
    private boolean anyAfter(long eventId, Instant before) {
        return store.<Boolean, RuntimeException>read(handle -> handle.createQuery(
                        "SELECT event_id FROM audit.events WHERE server = ? AND event_id > ? AND occurred_at < ? LIMIT 1")
                .bind(0, store.server())
                .bind(1, eventId)
                .bind(2, before.atOffset(ZoneOffset.UTC))
                .mapTo(Long.class)
                .findFirst()
                .isPresent());
    }

    @Override
    public void dropped(long firstId, long lastId) {
        List<String> without = deliveries.stream()
                .filter(delivery -> delivery.delivered() < lastId)
                .map(delivery -> delivery.settings().name())
                .toList();
        if (!without.isEmpty()) {
            LOG.error(
                    "retention has dropped events {} to {} before they were delivered to {}", firstId, lastId, without);
            trail.event(
                    DROPPED,
                    SYSTEM,
                    "events " + firstId + " to " + lastId + " were dropped before they were delivered to "
                            + String.join(", ", without));
        }
    }

    @Override
    public void close() {
        deliveries.forEach(Delivery::close);
    }
}
