package dev.nicol.server.audit;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A chain whose groups are transactions of the store. */
final class StoredChain implements Chain {
    private final Store store;

    /** A group that may or may not have been committed when the store broke. */
    private @Nullable Uncertain uncertain;

    /** The last link that was written, and the last one that survives a power cut. */
    private TrailTransaction.@Nullable Head written;

    private volatile TrailTransaction.@Nullable Head durable;

    private record Uncertain(List<TrailEntry<?>> group, TrailTransaction.Head before, TrailTransaction.Head head) {}

    StoredChain(Store store) {
        this.store = store;
    }

    @Override
    public List<@Nullable Object> write(List<TrailEntry<?>> group, boolean force) throws SQLException {
        List<@Nullable Object> results = new ArrayList<>(group.size());
        store.onWriter(connection -> {
            connection.setAutoCommit(false);
            TrailTransaction transaction = new TrailTransaction(connection, store.server());
            requireOwn(transaction.before());
            for (TrailEntry<?> entry : group) {
                results.add(entry.attempt(transaction));
            }
            transaction.write();
            if (transaction.isEmpty()) {
                connection.commit();
                written = transaction.head();
            } else {
                uncertain = new Uncertain(List.copyOf(group), transaction.before(), transaction.head());
                store.commit(connection, force);
                written = transaction.head();
                if (force) {
                    durable = written;
                }
            }
            connection.setAutoCommit(true);
            return true;
        });
        // not before the connection is given back: what fails once a group is committed must not have it written again
        uncertain = null;
        return results;
    }

    /**
     * The chain is where this writer left it. Elsewhere it was continued by another server of this name, or a store that
     * crashed has lost acknowledged links: what ran meanwhile has no place in it, and only a start begins from there.
     */
    private void requireOwn(TrailTransaction.Head before) throws SQLException {
        if (written != null && !written.equals(before)) {
            throw new SQLException("the chain of `" + store.server() + "` is at event " + before.eventId()
                    + " and was left at " + written.eventId() + ": restart this server");
        }
    }

    @Override
    public boolean isQuick(Iterable<TrailEntry<?>> group) {
        return false;
    }

    /** The last link that was written; null where nobody knows. */
    TrailTransaction.@Nullable Head written() {
        return written;
    }

    /** Somebody else has brought the chain there. */
    void moved(TrailTransaction.Head head) {
        written = head;
    }

    @Override
    public boolean unsynced() {
        return !Objects.equals(written, durable);
    }

    @Override
    public void sync() throws SQLException {
        store.onWriter(connection -> {
            store.sync(connection);
            durable = written;
            return true;
        });
    }

    @Override
    public boolean uncertain() {
        return uncertain != null;
    }

    @Override
    public List<TrailEntry<?>> settle() throws SQLException {
        Uncertain open = uncertain;
        if (open == null) {
            return List.of();
        }
        boolean committed = isWritten(open.head());
        written = committed ? open.head() : open.before();
        uncertain = null;
        return committed ? open.group() : List.of();
    }

    /** Asked on the writer's own connection: an earlier one, should it live on, cannot commit any more once that is open. */
    private boolean isWritten(TrailTransaction.Head head) throws SQLException {
        return store.onWriter(connection -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("SELECT hash FROM audit.events WHERE server = ? AND event_id = ?")) {
                statement.setString(1, store.server());
                statement.setLong(2, head.eventId());
                try (ResultSet result = statement.executeQuery()) {
                    return result.next() && head.hash().equals(result.getString(1));
                }
            }
        });
    }

    @Override
    public boolean answers() {
        try {
            isWritten(new TrailTransaction.Head(0, EventHash.GENESIS));
            return true;
        } catch (SQLException e) {
            return false;
        }
    }

    @Override
    public boolean broken() {
        return false;
    }

    @Override
    public TrailTransaction.@Nullable Head durable() {
        return durable;
    }

    @Override
    public TrailTransaction.@Nullable Head forced() {
        return durable;
    }

    @Override
    public void close() {
        // every group is in its place
    }
}
