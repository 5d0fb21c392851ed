package dev.nicol.server.pipeline;

import dev.nicol.policy.Subject;
import org.jspecify.annotations.Nullable;

/**
 * One Avatica connection as the pipeline sees it: who, with which default schema, in which transaction. Used by one
 * thread at a time.
 */
public final class Session {
    private final String connectionId;
    private volatile Subject subject;
    private volatile boolean autoCommit = true;
    private volatile @Nullable String defaultCatalog;
    private volatile @Nullable String defaultSchema;

    public Session(String connectionId, Subject subject) {
        this.connectionId = connectionId;
        this.subject = subject;
    }

    public String connectionId() {
        return connectionId;
    }

    public Subject subject() {
        return subject;
    }

    /** States a purpose, job or model for what follows. */
    public void setSubject(Subject stated) {
        this.subject = stated;
    }

    public boolean autoCommit() {
        return autoCommit;
    }

    public void setAutoCommit(boolean on) {
        this.autoCommit = on;
    }

    /** The catalog unqualified names are looked up in; null: none. */
    public @Nullable String defaultCatalog() {
        return defaultCatalog;
    }

    public @Nullable String defaultSchema() {
        return defaultSchema;
    }

    public void setDefaultSchema(@Nullable String catalog, @Nullable String schema) {
        this.defaultCatalog = catalog;
        this.defaultSchema = schema;
    }
}
