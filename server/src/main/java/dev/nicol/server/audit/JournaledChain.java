package dev.nicol.server.audit;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A chain that is written to a journal, from which {@link Posting} brings it into the tables. What changes more than the trail is a
 * transaction of the store, once all before it is in the tables; so is what is larger than the journal is for.
 */
final class JournaledChain implements Chain {
    /** An event of more bytes is written into the tables at once: should they not take it, it is refused and not in the way. */
    static final int EVENT_BYTES = 256 << 10;

    private final Store store;
    private final StoredChain tables;
    private final Journal journal;
    private final Posting posting;

    /** The last link that a power cut cannot take. */
    private volatile TrailTransaction.@Nullable Head synced;

    /** Where the chain ends; null where the tables must be asked. */
    private TrailTransaction.@Nullable Head head;

    private JournaledChain(Store store, Journal journal, TrailSettings settings) {
        this.store = store;
        this.tables = new StoredChain(store);
        this.journal = journal;
        this.posting = new Posting(store, journal, settings);
    }

    static JournaledChain open(Store store, Journal journal, TrailSettings settings) {
        JournaledChain chain = new JournaledChain(store, journal, settings);
        store.readAfter(chain.posting::awaitReading);
        chain.posting.start();
        return chain;
    }

    @Override
    public List<@Nullable Object> write(List<TrailEntry<?>> group, boolean force) throws SQLException {
        TrailTransaction.Head last = head;
        if (last == null || !isQuick(group)) {
            return writeTables(group);
        }
        List<Link> links = new ArrayList<>(group.size());
        for (TrailEntry<?> entry : group) {
            Link link = Link.after(last, store.server(), Objects.requireNonNull(entry.event()));
            links.add(link);
            last = link.head();
        }
        posting.reserve();
        try {
            journal.append(links, force);
        } catch (IOException failure) {
            throw new SQLException("the journal cannot be written", failure);
        }
        posting.add(links);
        head = last;
        if (force) {
            synced = last;
        }
        return Collections.nCopies(group.size(), null);
    }

    @Override
    public boolean isQuick(Iterable<TrailEntry<?>> group) {
        if (head == null) {
            return false;
        }
        for (TrailEntry<?> entry : group) {
            TrailEvent event = entry.event();
            if (event == null || event.payload().length > EVENT_BYTES) {
                return false;
            }
        }
        return true;
    }

    /** Forced, since what follows it in the journal may be. */
    private List<@Nullable Object> writeTables(List<TrailEntry<?>> group) throws SQLException {
        posting.await();
        TrailTransaction.Head last = head;
        if (last != null) {
            TrailTransaction.Head found = store.onWriter(this::tablesHead);
            if (!last.equals(found)) {
                // the store broke and was opened again, without what its file did not have
                posting.rereadFrom(found);
                posting.await();
            }
            tables.moved(last);
        }
        List<@Nullable Object> results = tables.write(group, true);
        reached();
        return results;
    }

    private TrailTransaction.Head tablesHead(Connection connection) throws SQLException {
        return TrailTransaction.head(connection, store.server());
    }

    /** What was just written to the tables is in the store's file. */
    private void reached() {
        TrailTransaction.Head written = tables.written();
        head = written;
        if (written != null) {
            posting.moved(written);
            synced = written;
        }
    }

    @Override
    public boolean unsynced() {
        return journal.unsynced();
    }

    @Override
    public void sync() throws SQLException {
        try {
            TrailTransaction.Head last = head;
            journal.sync();
            if (last != null) {
                synced = last;
            }
        } catch (IOException failure) {
            throw new SQLException("the journal cannot be written", failure);
        }
    }

    @Override
    public boolean uncertain() {
        return tables.uncertain();
    }

    @Override
    public List<TrailEntry<?>> settle() throws SQLException {
        if (!tables.uncertain()) {
            return List.of();
        }
        // what is found written must be in the file: the journal goes on after it
        tables.sync();
        List<TrailEntry<?>> written = tables.settle();
        if (!written.isEmpty()) {
            reached();
        }
        return written;
    }

    @Override
    public boolean answers() {
        return tables.answers();
    }

    @Override
    public boolean broken() {
        return posting.broken();
    }

    @Override
    public TrailTransaction.@Nullable Head durable() {
        TrailTransaction.Head posted = posting.posted();
        TrailTransaction.Head safe = synced;
        return posted == null || safe == null || posted.eventId() < safe.eventId() ? posted : safe;
    }

    @Override
    public TrailTransaction.@Nullable Head forced() throws SQLException {
        posting.force();
        return posting.forced();
    }

    @Override
    public void close() {
        posting.close();
        store.readAfter(() -> {});
        journal.close();
    }
}
