package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceIdentity;
import dev.nicol.adapters.SourceLogin;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One Avatica connection as the pipeline sees it: who, with which default schema, in which transaction. Used by one
 * thread at a time.
 */
public final class Session {
    private final String connectionId;
    private final Map<String, SourceLogin> logins;
    private final boolean asking;
    private final @Nullable TableName filled;
    private volatile Subject subject;
    private volatile SourceIdentity identity;
    private volatile boolean byAccessToken;
    private volatile @Nullable String issuersId;
    private volatile Set<String> purposes = Set.of();
    private volatile boolean autoCommit = true;
    private volatile boolean readOnly;
    private volatile ParsedStatement.DefaultSchema defaultSchema = new ParsedStatement.DefaultSchema(null, null);
    private volatile @Nullable SessionConnections connections;
    private volatile StatementQueue.@Nullable Turn turn;
    private final Map<TableName, Long> uncommitted = new HashMap<>();

    public Session(String connectionId, Subject subject) {
        this(connectionId, subject, Map.of());
    }

    /** @param logins that the connection brought, by source */
    public Session(String connectionId, Subject subject, Map<String, SourceLogin> logins) {
        this(connectionId, subject, logins, true);
    }

    private Session(String connectionId, Subject subject, Map<String, SourceLogin> logins, boolean asking) {
        this(connectionId, subject, logins, asking, null);
    }

    private Session(
            String connectionId,
            Subject subject,
            Map<String, SourceLogin> logins,
            boolean asking,
            @Nullable TableName filled) {
        this.filled = filled;
        this.connectionId = connectionId;
        this.subject = subject;
        this.logins = Map.copyOf(logins);
        this.asking = asking;
        this.identity = identity(subject);
    }

    private SourceIdentity identity(Subject of) {
        return SourceIdentity.of(of.userName(), of.agent(), of.purpose(), connectionId);
    }

    /** One for a look at the side, of the same client: what would be held is refused, and nothing is asked for. */
    static Session aside(Session session) {
        return new Session(session.connectionId, session.subject, session.logins, false);
    }

    /** One of a refresh. */
    static Session filling(TableName storage, String connectionId, Subject subject) {
        return new Session(connectionId, subject, Map.of(), true, storage);
    }

    /** The storage table that it may fill; null: none. */
    @Nullable
    TableName filled() {
        return filled;
    }

    /** One that runs nothing, only plans. */
    static Session idle(Subject subject) {
        return new Session("", subject, Map.of(), false);
    }

    /** Of a client that logged in by a personal access token. */
    public void setByAccessToken(boolean by) {
        byAccessToken = by;
    }

    boolean isByAccessToken() {
        return byAccessToken;
    }

    /** Of credentials that are for these purposes alone; empty: for any. */
    public void setPurposes(Set<String> only) {
        purposes = Set.copyOf(only);
    }

    Set<String> purposes() {
        return purposes;
    }

    /** Of a human who logged in by a token of the issuer, which has this id for them. */
    public void setIssuersId(@Nullable String id) {
        issuersId = id;
    }

    @Nullable
    String issuersId() {
        return issuersId;
    }

    void setTurn(StatementQueue.Turn newest) {
        turn = newest;
    }

    /**
     * Cancels the statement that the session waits for, in the queue or until its first row; from any thread. Cursors that are
     * open are not meant.
     *
     * @param why a sentence for whoever waits, and the trail
     */
    public void interrupt(String why) {
        StatementQueue.Turn current = turn;
        if (current != null) {
            current.cancel(NicolError.CANCELLED.because(why));
        }
    }

    /** Whether what is held becomes a request for approval. */
    boolean isAsking() {
        return asking;
    }

    /** Set by the pipeline when the session first runs a statement. */
    SessionConnections connections() {
        SessionConnections held = connections;
        if (held == null) {
            throw new IllegalStateException("the session has not run a statement");
        }
        return held;
    }

    /** The connections, made with {@code create} the first time. */
    synchronized SessionConnections connections(Supplier<SessionConnections> create) {
        SessionConnections held = connections;
        if (held == null) {
            held = create.get();
            connections = held;
        }
        return held;
    }

    public String connectionId() {
        return connectionId;
    }

    public Subject subject() {
        return subject;
    }

    /** Whom the sources are told that it works for. */
    SourceIdentity identity() {
        return identity;
    }

    /** The login that the connection brought for a source; null: none. */
    @Nullable
    SourceLogin login(String source) {
        return logins.get(source);
    }

    /** Rows were written in a transaction that is still open. */
    synchronized void wrote(TableName table, long rows) {
        uncommitted.merge(table, rows, Long::sum);
    }

    /** Rows written since the transaction began, by table; and forgets them. */
    synchronized Map<TableName, Long> endWrites() {
        Map<TableName, Long> written = Map.copyOf(uncommitted);
        uncommitted.clear();
        return written;
    }

    /** States a purpose, job or model for what follows. An equal subject stays the same, by which its rights are known. */
    public void setSubject(Subject stated) {
        if (stated.equals(subject)) {
            return;
        }
        this.subject = stated;
        if (!identity.is(stated.userName(), stated.agent(), stated.purpose())) {
            this.identity = identity(stated);
        }
    }

    /** Whether the client said that it only reads. */
    public boolean readOnly() {
        return readOnly;
    }

    public void setReadOnly(boolean on) {
        this.readOnly = on;
    }

    public boolean autoCommit() {
        return autoCommit;
    }

    public void setAutoCommit(boolean on) {
        this.autoCommit = on;
    }

    /** Where names that are not full are looked up. */
    public ParsedStatement.DefaultSchema defaultSchema() {
        return defaultSchema;
    }

    public void setDefaultSchema(@Nullable String catalog, @Nullable String schema) {
        this.defaultSchema = new ParsedStatement.DefaultSchema(catalog, schema);
    }
}
