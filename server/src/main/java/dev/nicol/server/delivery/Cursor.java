package dev.nicol.server.delivery;

import dev.nicol.server.audit.Store;
import java.time.Instant;
import java.time.ZoneOffset;
import org.jdbi.v3.core.Handle;

/** How far a sink of this server has got, in the store. */
final class Cursor {
    /** Of a sink that the configuration does not name any more. */
    static final String NOT_CONFIGURED = "not_configured";

    private final Store store;
    private final String name;

    Cursor(Store store, String name) {
        this.store = store;
        this.name = name;
    }

    long lastEventId() {
        return store.read(
                handle -> handle.createQuery("SELECT last_event_id FROM internal.sinks WHERE server = ? AND name = ?")
                        .bind(0, store.server())
                        .bind(1, name)
                        .mapTo(Long.class)
                        .one());
    }

    void delivered(long lastEventId, Instant at) {
        update(handle -> handle.execute(
                "UPDATE internal.sinks SET last_event_id = ?, last_delivered_at = ?, failures = 0, last_error = NULL"
                        + " WHERE server = ? AND name = ?",
                lastEventId,
                at.atOffset(ZoneOffset.UTC),
                store.server(),
                name));
    }

    void failed(long failures, String category) {
        update(handle -> handle.execute(
                "UPDATE internal.sinks SET failures = ?, last_error = ? WHERE server = ? AND name = ?",
                failures,
                category,
                store.server(),
                name));
    }

    private interface Update {
        int on(Handle handle);
    }

    private void update(Update update) {
        int updated = store.<Integer, RuntimeException>read(update::on);
        if (updated != 1) {
            throw new IllegalStateException("the sink's row is gone from the store");
        }
    }
}
