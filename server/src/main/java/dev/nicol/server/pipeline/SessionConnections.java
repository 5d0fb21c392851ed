package dev.nicol.server.pipeline;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceExecution;
import dev.nicol.adapters.SourceExecution.Loan;
import dev.nicol.policy.NicolError;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The source connections of one session. Reads borrow from the pool; a write outside autocommit pins one connection of
 * one source, and from then on that source's reads go through it too. There is no transaction over two sources.
 */
final class SessionConnections implements SourceExecution.Lender {
    private static final Logger LOG = LoggerFactory.getLogger(SessionConnections.class);

    private final Function<String, Source> sources;
    private @Nullable String pinnedSource;
    private @Nullable Connection pinned;

    /** @param sources a source by its name */
    SessionConnections(Function<String, Source> sources) {
        this.sources = sources;
    }

    @Override
    public synchronized Loan borrow(String name) {
        Connection held = pinned;
        if (held != null && name.equals(pinnedSource)) {
            return loan(name, held, true, () -> {});
        }
        Connection fresh = sources.apply(name).connection();
        return loan(name, fresh, false, () -> giveBack(name, fresh));
    }

    /** A connection to write with; outside autocommit it stays pinned until commit or rollback. */
    synchronized Loan borrowToWrite(String name, boolean autoCommit) {
        if (pinned != null) {
            if (!name.equals(pinnedSource)) {
                throw NicolError.TRANSACTION_STATE.because("This transaction writes to source `" + pinnedSource
                        + "`; one transaction cannot write to `" + name + "` too. COMMIT or ROLLBACK first.");
            }
            return loan(name, pinned, true, () -> {});
        }
        Connection fresh = sources.apply(name).connection();
        try {
            fresh.setAutoCommit(false);
        } catch (SQLException failure) {
            giveBack(name, fresh);
            throw SourceExecution.failure(sources.apply(name).adapter(), name, failure);
        }
        if (autoCommit) {
            return loan(name, fresh, false, () -> giveBack(name, fresh));
        }
        pinned = fresh;
        pinnedSource = name;
        return loan(name, fresh, true, () -> {});
    }

    synchronized boolean inTransaction() {
        return pinned != null;
    }

    synchronized void commit() {
        String name = pinnedSource;
        end(connection -> {
            if (name != null && sources.apply(name).adapter().transactionFailed(connection)) {
                connection.rollback();
                throw NicolError.TRANSACTION_STATE.because("An earlier statement of this transaction failed at source `"
                        + name + "`, so it was rolled back: nothing of it is kept. Start again.");
            }
            connection.commit();
        });
    }

    synchronized void rollback() {
        end(Connection::rollback);
    }

    private interface Ending {
        void apply(Connection connection) throws SQLException;
    }

    private void end(Ending ending) {
        Connection held = pinned;
        String name = pinnedSource;
        if (held == null || name == null) {
            return;
        }
        pinned = null;
        pinnedSource = null;
        try {
            ending.apply(held);
        } catch (SQLException failure) {
            throw SourceExecution.failure(sources.apply(name).adapter(), name, failure);
        } finally {
            giveBack(name, held);
        }
    }

    private Loan loan(String name, Connection connection, boolean isPinned, Runnable giveBack) {
        Source source = sources.apply(name);
        return new Loan(
                connection, source.adapter(), source.definition().environment(), isPinned, giveBack, source::failed);
    }

    /** Ends whatever is open and returns the connection to its pool as it was. */
    private void giveBack(String name, Connection connection) {
        try (connection) {
            sources.apply(name).adapter().endStreaming(connection);
            if (!connection.getAutoCommit()) {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        } catch (SQLException failure) {
            LOG.debug("giving a connection back failed; its pool will drop it", failure);
        }
    }
}
