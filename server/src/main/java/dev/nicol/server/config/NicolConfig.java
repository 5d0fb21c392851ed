package dev.nicol.server.config;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.federation.JoinKeyBounds;
import dev.nicol.server.audit.RetentionRules;
import dev.nicol.server.audit.RowsTouchedRules;
import dev.nicol.server.audit.StoreSettings;
import dev.nicol.server.delivery.SinkSettings;
import dev.nicol.server.identity.CertificateName;
import dev.nicol.server.identity.OidcSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything a server is told by {@code nicol.yaml}. Paths are absolute; no {@code toString} shows a password or a URL
 * that may carry one.
 *
 * @param file the file it was read from
 * @param sources in the order of the file, names unique without regard to case
 * @param policies the directory of policy files; it exists
 * @param views the directory of view definitions; null: there is none
 * @param materializedViews where rows of materialised views may be kept: sources to schemas
 * @param sinks what the trail is delivered to, OpenLineage and webhooks among them
 */
public record NicolConfig(
        Path file,
        Endpoint server,
        Store store,
        Identity identity,
        List<SourceDefinition> sources,
        Path policies,
        @Nullable Path views,
        Map<String, String> materializedViews,
        Limits limits,
        Classification classification,
        Audit audit,
        List<SinkSettings> sinks) {
    public NicolConfig {
        sinks = List.copyOf(sinks);
        sources = List.copyOf(sources);
        materializedViews = Map.copyOf(materializedViews);
    }

    /** The store, as this server opens it. */
    public StoreSettings storeSettings() {
        return new StoreSettings(
                store.url(),
                store.user(),
                store.password(),
                store.readerUser(),
                store.readerPassword(),
                store.keys(),
                server.name());
    }

    /**
     * Where the server listens.
     *
     * @param name of this server among those of one store, and of its chain
     * @param port 0: any free one
     * @param tls null: plain HTTP
     * @param plainHttp whether plain HTTP is served on an address that is not loopback
     * @param maxRequestBytes longest request body
     * @param gzip which clients get large answers compressed, of those that ask for it
     * @param warmUp whether some statements are planned before the server is ready
     */
    public record Endpoint(
            String name,
            String host,
            int port,
            @Nullable Tls tls,
            boolean plainHttp,
            long maxRequestBytes,
            Gzip gzip,
            boolean warmUp) {
        public static final Endpoint DEFAULT = new Endpoint(
                StoreSettings.DEFAULT_SERVER, "127.0.0.1", 8765, null, false, 10L << 20, Gzip.REMOTE, true);
        public static final int MAX_PORT = 65_535;
        public static final long MIN_REQUEST_BYTES = 1 << 10;
        public static final long MAX_REQUEST_BYTES = 1L << 30;

        public Endpoint {
            if (host.isBlank()) {
                throw new IllegalArgumentException("the host is empty");
            }
            requireRange("port", port, 0, MAX_PORT);
            requireRange("max_request_bytes", maxRequestBytes, MIN_REQUEST_BYTES, MAX_REQUEST_BYTES);
        }

        /** {@code REMOTE}: those that are not on this machine, where a network gains what compressing costs. */
        public enum Gzip {
            REMOTE,
            ALWAYS,
            NEVER
        }

        /** The part of clients' certificates that names the subject, where they have any. */
        public CertificateName certificateName() {
            return tls == null || tls.clients() == null
                    ? CertificateName.CN
                    : tls.clients().name();
        }
    }

    /**
     * The server's key and certificate.
     *
     * @param clients null: clients are asked for no certificate
     */
    public record Tls(
            Path keystore, String password, @Nullable ClientCertificates clients) {
        @Override
        public String toString() {
            return "TLS with " + keystore + (clients == null ? "" : ", " + clients);
        }
    }

    /**
     * Which certificates of clients are accepted.
     *
     * @param truststore the CAs that are trusted, and no others
     * @param needed whether a client without one is turned away
     * @param name the part that names the subject
     */
    public record ClientCertificates(Path truststore, String password, boolean needed, CertificateName name) {
        @Override
        public String toString() {
            return "client certificates by " + truststore;
        }
    }

    /**
     * Where the trail, lineage and approvals are kept.
     *
     * @param readerUser the role that {@code nicol.*} is read with; null: one is made
     * @param keys the directory of keys; null: beside the embedded store
     */
    public record Store(
            String url,
            @Nullable String user,
            @Nullable String password,
            @Nullable String readerUser,
            @Nullable String readerPassword,
            @Nullable Path keys) {
        /** Relative to the configuration file. */
        public static final String DEFAULT_URL = "jdbc:h2:file:./data/nicol";

        public static final String POSTGRESQL = "jdbc:postgresql:";
        public static final List<String> URL_PREFIXES = List.of("jdbc:h2:", POSTGRESQL);

        /** Of PostgreSQL's, relative to the configuration file. */
        public static final String DEFAULT_KEYS = "keys";

        public Store {
            if (URL_PREFIXES.stream().noneMatch(url::startsWith)) {
                throw new IllegalArgumentException("the store's URL must begin with one of " + URL_PREFIXES);
            }
        }

        @Override
        public String toString() {
            return "store" + (user == null ? "" : " as " + user);
        }
    }

    /** Who can log in: from a file, from an issuer of tokens, or both. */
    public record Identity(@Nullable Path users, @Nullable OidcSettings oidc) {
        public Identity {
            if (users == null && oidc == null) {
                throw new IllegalArgumentException("nobody could log in: name `users`, `oidc`, or both");
            }
        }
    }

    /** How much of Java's heap is for rows that statements hold, unless somebody says so. */
    private static final class RowMemory {
        /** One part in so many of the rest of Java's heap is what statements may hold, and of that what one of them may. */
        static final int SHARE = 2;

        /** What the server itself lives on, in MiB: of that nothing is for rows. Measured of one without clients. */
        static final int OWN_MB = 48;

        static final int MOST_MB = (int) Math.max(
                2, Math.min(Limits.MAX_MEMORY_MB, ((Runtime.getRuntime().maxMemory() >> 20) - OWN_MB) / SHARE));

        private RowMemory() {}
    }

    /**
     * Bounds on what statements and clients may take.
     *
     * @param maxRowsInMemory rows that one statement may hold in the server
     * @param statementMemoryMb memory that one statement's rows may hold, in MiB, as estimated; {@code serverMemoryMb} those of
     *     all statements
     * @param maxResultRows rows that one statement may return; 0: no bound
     * @param joinKeys when keys of joins are sent to sources
     * @param maxConnections clients' connections, all together; {@code maxConnectionsPerUser} those of one user
     * @param maxStatementsPerConnection open statements of one connection
     * @param idleTimeout after which an unused connection is closed
     * @param queue how many statements run at once, all together and of one user, and how many wait, for how long
     * @param drainTimeout how long a stopping server waits for running statements
     * @param planCacheMb memory that known statements may hold, in MiB, as estimated; 0: none is kept
     */
    public record Limits(
            Duration statementTimeout,
            long maxRowsInMemory,
            int statementMemoryMb,
            int serverMemoryMb,
            long maxResultRows,
            JoinKeyBounds joinKeys,
            int maxConnections,
            int maxConnectionsPerUser,
            int maxStatementsPerConnection,
            Duration idleTimeout,
            Duration drainTimeout,
            int planCacheMb,
            Queue queue) {
        public static final int MAX_SECONDS = 7 * 24 * 3600;
        public static final long MAX_ROWS = 1L << 40;
        public static final int MAX_COUNT = 1_000_000;
        public static final int MAX_CACHE_MB = 65_536;
        public static final int MAX_MEMORY_MB = 1_048_576;

        public static final Limits DEFAULTS = new Limits(
                Duration.ofSeconds(300),
                2_000_000,
                RowMemory.MOST_MB / RowMemory.SHARE,
                RowMemory.MOST_MB,
                0,
                JoinKeyBounds.DEFAULT,
                500,
                100,
                200,
                Duration.ofSeconds(1800),
                Duration.ofSeconds(30),
                64,
                Queue.DEFAULTS);

        /** {@link #statementMemoryMb} in bytes. */
        public long statementMemoryBytes() {
            return (long) statementMemoryMb << 20;
        }

        /** {@link #serverMemoryMb} in bytes. */
        public long serverMemoryBytes() {
            return (long) serverMemoryMb << 20;
        }

        /** {@link #planCacheMb} in bytes. */
        public long planCacheBytes() {
            return (long) planCacheMb << 20;
        }

        public Limits {
            requireRange("statement_timeout_s", statementTimeout.toSeconds(), 1, MAX_SECONDS);
            requireRange("max_rows_in_memory", maxRowsInMemory, 1, MAX_ROWS);
            requireRange("statement_memory_mb", statementMemoryMb, 1, MAX_MEMORY_MB);
            requireRange("server_memory_mb", serverMemoryMb, 1, MAX_MEMORY_MB);
            requireRange("max_result_rows", maxResultRows, 0, MAX_ROWS);
            requireRange("max_connections", maxConnections, 1, MAX_COUNT);
            requireRange("max_connections_per_user", maxConnectionsPerUser, 1, MAX_COUNT);
            requireRange("max_statements_per_connection", maxStatementsPerConnection, 1, MAX_COUNT);
            requireRange("idle_timeout_s", idleTimeout.toSeconds(), 1, MAX_SECONDS);
            requireRange("drain_timeout_s", drainTimeout.toSeconds(), 0, MAX_SECONDS);
            requireRange("plan_cache_mb", planCacheMb, 0, MAX_CACHE_MB);
        }
    }

    /**
     * How many statements run at once until their first row.
     *
     * @param running all together, {@code runningPerUser} of one user
     * @param waiting others that may wait, each for {@code timeout}
     */
    public record Queue(int running, int runningPerUser, int waiting, Duration timeout) {
        /** Each of them occupies a thread. */
        public static final int MAX_STATEMENTS = 10_000;

        public static final Queue DEFAULTS = new Queue(64, 32, 128, Duration.ofSeconds(30));

        public Queue {
            requireRange("max_statements_running", running, 1, MAX_STATEMENTS);
            requireRange("max_statements_running_per_user", runningPerUser, 1, MAX_STATEMENTS);
            requireRange("max_statements_waiting", waiting, 0, MAX_STATEMENTS);
            requireRange("queue_timeout_s", timeout.toSeconds(), 1, Limits.MAX_SECONDS);
        }
    }

    /**
     * How columns are recognised.
     *
     * @param sampleRows values looked at per column
     * @param maskByDefault whether tagged columns are masked where no rule says so
     */
    public record Classification(int sampleRows, boolean maskByDefault) {
        public static final int MAX_SAMPLE_ROWS = 1_000_000;
        public static final Classification DEFAULTS = new Classification(1000, true);

        public Classification {
            requireRange("sample_rows", sampleRows, 0, MAX_SAMPLE_ROWS);
        }
    }

    /**
     * How the trail is written and kept.
     *
     * @param retention null: for ever
     * @param checkpoints the directory of signed checkpoints; null: none are written
     * @param checkpointInterval between two of them, where the chain has moved
     * @param fsyncInterval what a power cut may take at most; zero: nothing that was acknowledged
     * @param rowsTouched of which tables it tells rows apart
     */
    public record Audit(
            @Nullable RetentionRules retention,
            @Nullable Path checkpoints,
            Duration checkpointInterval,
            Duration fsyncInterval,
            RowsTouchedRules rowsTouched) {
        public static final long MAX_CHECKPOINT_INTERVAL_S = 24 * 3600;
        public static final long MAX_FSYNC_INTERVAL_MS = 60_000;
        public static final long DEFAULT_FSYNC_INTERVAL_MS = 1_000;
        public static final Audit DEFAULTS =
                new Audit(null, null, Duration.ofMinutes(10), Duration.ZERO, RowsTouchedRules.OFF);
    }

    static void requireRange(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException("`" + name + "` must be from " + min + " to " + max + ", not " + value);
        }
    }
}
