package dev.nicol.server.audit;

import java.io.IOException;

/**
 * An event at its place in the chain.
 *
 * @param previousHash of the link before it
 */
record Link(long eventId, TrailEvent event, String previousHash, String hash) {
    /** The link that an event becomes after what is there. */
    static Link after(TrailTransaction.Head head, String server, TrailEvent event) {
        long eventId = head.eventId() + 1;
        return new Link(eventId, event, head.hash(), EventHash.of(server, eventId, event.payload(), head.hash()));
    }

    /**
     * The same of an event's bytes.
     *
     * @throws IOException where they are not those of an event
     */
    static Link after(TrailTransaction.Head head, String server, byte[] payload) throws IOException {
        long eventId = head.eventId() + 1;
        return new Link(
                eventId, TrailEvent.parse(payload), head.hash(), EventHash.of(server, eventId, payload, head.hash()));
    }

    TrailTransaction.Head head() {
        return new TrailTransaction.Head(eventId, hash);
    }
}
