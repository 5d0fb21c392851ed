package dev.nicol.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import org.jdbi.v3.core.Handle;

/** The transaction an act beside the statements runs in. */
public final class ActTransaction {
    private final TrailTransaction transaction;
    private final Instant now;

    ActTransaction(TrailTransaction transaction, Instant now) {
        this.transaction = transaction;
        this.now = now;
    }

    /** The store; not to be committed, rolled back or closed. */
    public Handle handle() {
        return transaction.handle();
    }

    /** The server whose act it is. */
    public String server() {
        return transaction.server();
    }

    /** The moment of the act. */
    public Instant now() {
        return now;
    }

    /** Adds the act's event to the chain. */
    public void event(String kind, String userName, String detail) {
        transaction.append(TrailEvent.act(kind, userName, detail, now));
    }

    /**
     * The same; answers its id.
     *
     * @param more kept in the hashed event under {@code name}; not shown in {@code audit.events}
     */
    long event(String kind, String userName, String detail, String name, JsonNode more) {
        return transaction.append(TrailEvent.act(kind, userName, detail, now).with(name, more));
    }
}
