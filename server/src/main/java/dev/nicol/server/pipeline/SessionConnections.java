package dev.nicol.server.pipeline;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceConnection;
import dev.nicol.adapters.SourceCredentials;
import dev.nicol.adapters.SourceFailures;
import dev.nicol.adapters.execution.SourceExecution;
import dev.nicol.adapters.execution.SourceExecution.Early;
import dev.nicol.adapters.execution.SourceExecution.Loan;
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

    private final Session session;
    private final Function<String, Source> sources;
    private @Nullable String pinnedSource;
    private @Nullable SourceConnection pinned;

    /** @param sources a source by its name */
    SessionConnections(Session session, Function<String, Source> sources) {
        this.session = session;
        this.sources = sources;
    }

    @Override
    public synchronized Loan borrow(String name) {
        SourceConnection held = pinned;
        if (held != null && name.equals(pinnedSource)) {
            return pinnedLoan(name, held);
        }
        SourceConnection fresh = fresh(name);
        return loan(name, fresh, false, () -> giveBack(name, fresh));
    }

    /** A connection that a transaction holds is used by one after the other. */
    @Override
    public synchronized @Nullable Early early(String name) {
        if (pinned != null && name.equals(pinnedSource)) {
            return null;
        }
        Source source = sources.apply(name);
        boolean full = source.activeConnections() >= source.definition().maxConnections();
        Runnable room = full ? null : source.early(session.subject());
        return room == null
                ? null
                : new Early(
                        () -> {
                            SourceConnection fresh = fresh(name);
                            return loan(name, fresh, false, () -> giveBack(name, fresh));
                        },
                        room);
    }

    /** Where users have rights of their own at the source, what policies look up is read with Nicol's. */
    @Override
    public synchronized Loan borrowForPolicy(String name) {
        Source source = sources.apply(name);
        if (source.definition().credentials() instanceof SourceCredentials.Shared) {
            return borrow(name);
        }
        SourceConnection fresh = source.forPolicy();
        return loan(name, fresh, false, () -> giveBack(name, fresh));
    }

    /** A connection to write with; outside autocommit it stays pinned until commit or rollback. */
    synchronized Loan borrowToWrite(String name, boolean autoCommit) {
        SourceConnection held = pinned;
        if (held != null) {
            if (!name.equals(pinnedSource)) {
                throw NicolError.TRANSACTION_STATE.because("This transaction writes to source `" + pinnedSource
                        + "`; one transaction cannot write to `" + name + "` too. COMMIT or ROLLBACK first.");
            }
            return pinnedLoan(name, held);
        }
        SourceConnection fresh = fresh(name);
        try {
            fresh.connection().setAutoCommit(false);
        } catch (SQLException failure) {
            giveBack(name, fresh);
            throw SourceFailures.of(sources.apply(name).adapter(), name, failure);
        }
        if (autoCommit) {
            return loan(name, fresh, false, () -> giveBack(name, fresh));
        }
        pinned = fresh;
        pinnedSource = name;
        return loan(name, fresh, true, () -> {});
    }

    private SourceConnection fresh(String name) {
        return sources.apply(name).borrow(session.identity(), session.subject(), session.login(name));
    }

    private Loan pinnedLoan(String name, SourceConnection held) {
        sources.apply(name).retag(held, session.identity(), session.subject(), session.login(name));
        return loan(name, held, true, () -> {});
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
        SourceConnection held = pinned;
        String name = pinnedSource;
        if (held == null || name == null) {
            return;
        }
        pinned = null;
        pinnedSource = null;
        try {
            ending.apply(held.connection());
        } catch (SQLException failure) {
            throw SourceFailures.of(sources.apply(name).adapter(), name, failure);
        } finally {
            giveBack(name, held);
        }
    }

    private Loan loan(String name, SourceConnection lent, boolean isPinned, Runnable giveBack) {
        Source source = sources.apply(name);
        return new Loan(
                lent.connection(),
                source.adapter(),
                source.definition().environment(),
                isPinned,
                giveBack,
                source::failed,
                session.identity().comment());
    }

    /** Ends whatever is open and returns the connection to its pool as it was. */
    private void giveBack(String name, SourceConnection lent) {
        try (lent) {
            Connection connection = lent.connection();
            try {
                sources.apply(name).adapter().endStreaming(connection);
                if (!connection.getAutoCommit()) {
                    connection.rollback();
                    connection.setAutoCommit(true);
                }
            } catch (SQLException failure) {
                lent.discard();
                LOG.debug("giving a connection back failed; its pool will drop it", failure);
            }
        }
    }
}
