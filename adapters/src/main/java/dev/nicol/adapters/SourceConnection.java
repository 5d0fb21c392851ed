package dev.nicol.adapters;

import java.sql.Connection;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A connection lent to one session, whose source knows whom it works for. Closing it gives it back. */
public final class SourceConnection implements AutoCloseable {
    private final Connection connection;
    private final SessionState state;
    private final LoginPool.@Nullable Key login;
    private final Consumer<SourceConnection> giveBack;
    private boolean unusable;
    private boolean closed;

    SourceConnection(
            Connection connection,
            SessionState state,
            LoginPool.@Nullable Key login,
            Consumer<SourceConnection> giveBack) {
        this.connection = connection;
        this.state = state;
        this.login = login;
        this.giveBack = giveBack;
    }

    public Connection connection() {
        return connection;
    }

    SessionState state() {
        return state;
    }

    /** Whose login it is; null: the configured one. */
    LoginPool.@Nullable Key login() {
        return login;
    }

    /** It is closed instead of going back to its pool. */
    public void discard() {
        unusable = true;
    }

    boolean isUnusable() {
        return unusable || state.isUnknown();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            giveBack.accept(this);
        }
    }
}
