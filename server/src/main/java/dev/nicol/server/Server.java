package dev.nicol.server;

import dev.nicol.adapters.Catalog;
import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.masks.MaskChecks;
import dev.nicol.policy.HotReload;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.PolicyEngine;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.mask.Mask;
import dev.nicol.server.approval.ApprovalStore;
import dev.nicol.server.approval.Expiry;
import dev.nicol.server.audit.KeyRecords;
import dev.nicol.server.audit.LineageGraph;
import dev.nicol.server.audit.Retention;
import dev.nicol.server.audit.RetentionRules;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.SubjectHistory;
import dev.nicol.server.catalog.Catalogs;
import dev.nicol.server.catalog.SystemPolicy;
import dev.nicol.server.catalog.ViewFlows;
import dev.nicol.server.catalog.ViewLineage;
import dev.nicol.server.catalog.ViewReports;
import dev.nicol.server.catalog.VirtualSchemaStore;
import dev.nicol.server.catalog.VirtualSchemas;
import dev.nicol.server.classification.Examiner;
import dev.nicol.server.classification.TagRegistry;
import dev.nicol.server.classification.TagStore;
import dev.nicol.server.classification.ViewTags;
import dev.nicol.server.config.NicolConfig;
import dev.nicol.server.delivery.Deliveries;
import dev.nicol.server.identity.AccessTokens;
import dev.nicol.server.identity.CertificateName;
import dev.nicol.server.identity.LocalUsers;
import dev.nicol.server.identity.Logins;
import dev.nicol.server.materialized.MaterializedViewStore;
import dev.nicol.server.materialized.MaterializedViews;
import dev.nicol.server.pipeline.MaskKeys;
import dev.nicol.server.pipeline.Pipelines;
import dev.nicol.server.pipeline.Session;
import dev.nicol.server.pipeline.WarmUp;
import dev.nicol.server.scenario.ScenarioRunner;
import dev.nicol.server.wire.HttpEndpoint;
import dev.nicol.server.wire.KeyFiles;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running server: everything it holds, opened in order and closed in reverse. */
public final class Server implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);

    /** The catalog of the system's own tables: a source like any other, over the store. */
    private static final String SYSTEM_CATALOG = "nicol";

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Clock clock = Clock.systemUTC();
    private final Store store;
    private final StoreAuditTrail trail;
    private final Catalogs catalogs;
    private final Logins logins;
    private final Pipelines pipelines;
    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final @Nullable HttpEndpoint port;
    private volatile @Nullable HttpEndpoint endpoint;
    private volatile @Nullable LoadedPolicies loaded;
    private volatile @Nullable LoadedViews viewFiles;

    private Server(NicolConfig config, boolean acceptBrokenChain, boolean listens) {
        refuseUnsupported(config);
        try {
            store = opened(Store.open(config.storeSettings()));
            trail = opened(TrailAtStart.open(config, store, clock, acceptBrokenChain));
            trail.measure(metrics);
            opened(this::recordStop);
            port = listens ? openPort(config) : null;
            TrailAtStart.checkpoints(config, store, trail, clock).forEach(this::opened);
            Catalog catalog = opened(new Catalog(
                    sources(config, store),
                    Catalog.DEFAULT_REFRESH,
                    new MaskChecks(
                            this::masksInForce,
                            (source, problem) -> trail.event("mask_check_failed", SYSTEM_CATALOG, problem))));
            ViewLineage viewLineage = new ViewLineage(Pipelines.sqlReader());
            VirtualSchemas virtualSchemas = virtualSchemas(config, catalog, viewLineage);
            TagStore tagStore = new TagStore(store, trail);
            TagRegistry tags = new TagRegistry(tagStore, config.classification().sampleRows(), clock);
            AccessTokens tokens = new AccessTokens(store, trail, clock);
            logins = opened(logins(config, tokens));
            LoadedPolicies files = opened(new LoadedPolicies(
                    config.policies(),
                    new LoadedPolicies.Ground(catalog, virtualSchemas, tags, logins::known, clock),
                    trail));
            loaded = files;
            // masks are run on the sources once it is known which there are
            catalog.refresh();
            Supplier<PolicySet> policies = new SystemPolicy(files);
            PolicyEngine engine =
                    new PolicyEngine(policies, clock, config.classification().maskByDefault());
            ViewTags viewTags = new ViewTags(catalog::snapshot, virtualSchemas, viewLineage, tags, tagStore);
            virtualSchemas.addListener(viewTags::refresh);
            Examiner examiner = opened(examiner(config, catalog, tags, viewTags, trail, clock));
            MaterializedViews materialized = materialized(config);
            MaskKeys keys = MaskKeys.of(store.maskKey(), new KeyRecords(store, trail));
            opened(OtherServers.watched(store, virtualSchemas, tags, viewTags, materialized));
            catalogs = catalogs(catalog, virtualSchemas, viewLineage, materialized, tags, engine, store, keys);
            ApprovalStore approvals = new ApprovalStore(store, trail);
            approvals.failInterrupted();
            opened(Expiry.start(approvals, clock));
            pipelines = opened(new Pipelines(
                    new Pipelines.Parts(
                            catalogs,
                            policies,
                            virtualSchemas,
                            approvals,
                            trail,
                            name -> logins.named(name, Map.of()),
                            name -> source(catalog, name),
                            keys,
                            config.audit().rowsTouched(),
                            catalog::snapshot,
                            tags,
                            examiner,
                            new SubjectHistory(store, clock),
                            tokens,
                            materialized,
                            () -> refresh(catalog, examiner),
                            userName -> files.reload(() -> refresh(catalog, examiner), viewFiles, userName),
                            metrics,
                            clock),
                    ServerLimits.statements(config),
                    config.limits().statementTimeout()));
            examiner.examine(Examiner.START_WAIT);
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    private static void refuseUnsupported(NicolConfig config) {
        ConfigurationCheck.unsupported(config).stream().findFirst().ifPresent(problem -> {
            throw NicolError.NOT_SUPPORTED.because(problem);
        });
    }

    /** Starts a server; it listens when this returns. */
    public static Server start(NicolConfig config) {
        return start(config, false);
    }

    /** @param acceptBrokenChain whether it starts, and records it, where its chain in the trail does not verify */
    public static Server start(NicolConfig config, boolean acceptBrokenChain) {
        NicolConfig.Tls tls = config.server().tls();
        if (tls != null) {
            KeyFiles.check(tls, Instant.now()); // before anything is opened
        }
        Server server = new Server(config, acceptBrokenChain, true);
        server.listen(config);
        return server;
    }

    /** Everything but the port: for whoever runs statements in this process. */
    public static Server withoutPort(NicolConfig config) {
        return new Server(config, false, false);
    }

    private void listen(NicolConfig config) {
        try {
            HttpEndpoint listening = Objects.requireNonNull(port);
            opened(listening::close); // first of all, before what it serves
            WarmUp warmUp = opened(pipelines.warmUp(config.server().warmUp()));
            listening.serve(new HttpEndpoint.Services(
                    logins,
                    pipelines.statements(),
                    catalogs,
                    () -> trail.broken()
                            ? "the audit trail cannot be written"
                            : warmUp.isDone() ? null : "warming up"));
            endpoint = listening;
            Deliveries deliveries =
                    opened(Deliveries.start(store, trail, config.sinks(), config.sources(), metrics, clock));
            RetentionRules retention = config.audit().retention();
            if (retention != null) {
                opened(Retention.start(store, trail, retention, deliveries, clock));
            }
            opened(Refresher.start(pipelines));
            String protocol = config.server().tls() == null ? "http" : "https";
            trail.event("server_start", SYSTEM_CATALOG, "port " + listening.port() + ", " + protocol);
            LOG.info("listening on {}://{}:{}", protocol, config.server().host(), listening.port());
            ConfigurationCheck.warnings(config).forEach(LOG::warn);
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    /** As early as failed logins can be recorded: who looks whether the server lives need not wait for its sources. */
    private HttpEndpoint openPort(NicolConfig config) {
        HttpEndpoint opening =
                opened(new HttpEndpoint(config.server(), trail, metrics, ServerLimits.wire(config), clock));
        opening.start();
        return opening;
    }

    /** Runs policy scenarios, each statement recorded like any other. */
    public ScenarioRunner.Report runScenarios(Path directory) {
        return new ScenarioRunner(
                        pipelines.statements(),
                        (name, stated) -> new Session("policy test", logins.named(name, stated)))
                .run(directory);
    }

    /** None before the first set is in force. */
    private List<Mask> masksInForce() {
        LoadedPolicies policies = loaded;
        return policies == null ? List.of() : ConfigurationCheck.masks(policies.get());
    }

    private <T extends AutoCloseable> T opened(T part) {
        open.push(part);
        return part;
    }

    private List<Source> sources(NicolConfig config, Store store) {
        List<Source> sources = new ArrayList<>();
        config.sources().forEach(definition -> sources.add(SourceMetrics.of(opened(new Source(definition)), metrics)));
        Store.Reader reader = store.reader();
        SourceDefinition system = new SourceDefinition(
                SYSTEM_CATALOG,
                reader.kind(),
                reader.url(),
                reader.user(),
                reader.password(),
                "production",
                Map.of(),
                SourceDefinition.DEFAULT_MAX_CONNECTIONS);
        sources.add(SourceMetrics.of(opened(new Source(system, store::awaitUpToDate)), metrics));
        return sources;
    }

    private static Source source(Catalog catalog, String name) {
        Source source = catalog.source(name);
        if (source == null) {
            throw NicolError.UNKNOWN_TABLE.because("There is no source `" + name + "`.");
        }
        return source;
    }

    private VirtualSchemas virtualSchemas(NicolConfig config, Catalog catalog, ViewLineage lineage) {
        VirtualSchemas virtualSchemas =
                new VirtualSchemas(new VirtualSchemaStore(store, trail), lineage.ground(catalog::snapshot));
        Path views = config.views();
        if (views != null) {
            viewFiles = opened(new LoadedViews(views, catalog::snapshot, virtualSchemas, lineage, trail));
        }
        opened(new ViewWatch(catalog, virtualSchemas, lineage, new ViewReports(store, trail)));
        return virtualSchemas;
    }

    private MaterializedViews materialized(NicolConfig config) {
        return new MaterializedViews(
                new MaterializedViewStore(store, trail, config.server().name()), config.materializedViews(), clock);
    }

    private static @Nullable LocalUsers users(NicolConfig config, StoreAuditTrail trail) {
        Path users = config.identity().users();
        return users == null
                ? null
                : new LocalUsers(users, HotReload.DEFAULT_POLL_INTERVAL, load -> usersLoaded(load, trail));
    }

    private Logins logins(NicolConfig config, AccessTokens tokens) {
        CertificateName name = config.server().certificateName();
        return new Logins(users(config, trail), config.identity().oidc(), tokens, name, clock);
    }

    private static void usersLoaded(HotReload.Load<?> load, StoreAuditTrail trail) {
        load.problems().forEach(problem -> LOG.warn("users not loaded: {}", problem));
        trail.event(
                load.succeeded() ? "users_load" : "users_load_failed",
                SYSTEM_CATALOG,
                load.problems().toString());
    }

    private static Catalogs catalogs(
            Catalog catalog,
            VirtualSchemas virtualSchemas,
            ViewLineage viewLineage,
            MaterializedViews materialized,
            TagRegistry tags,
            PolicyEngine engine,
            Store store,
            MaskKeys keys) {
        ViewFlows viewFlows = new ViewFlows(catalog::snapshot, virtualSchemas, viewLineage);
        return new Catalogs(
                catalog::snapshot,
                virtualSchemas,
                tags,
                engine,
                Pipelines.sqlReader(),
                new LineageGraph(store, viewFlows),
                viewLineage,
                materialized,
                keys);
    }

    private static Examiner examiner(
            NicolConfig config,
            Catalog catalog,
            TagRegistry tags,
            ViewTags viewTags,
            StoreAuditTrail trail,
            Clock clock) {
        Examiner examiner = new Examiner(new Examiner.Parts(
                catalog::snapshot,
                name -> source(catalog, name),
                SYSTEM_CATALOG,
                tags,
                trail,
                config.classification().sampleRows(),
                viewTags::refresh,
                clock));
        catalog.addListener(examiner::changed);
        return examiner;
    }

    private static void refresh(Catalog catalog, Examiner examiner) {
        catalog.refresh();
        examiner.examine(Examiner.WRITE_WAIT);
    }

    /** The port it listens on. */
    public int port() {
        HttpEndpoint listening = endpoint;
        if (listening == null) {
            throw new IllegalStateException("this server does not listen");
        }
        return listening.port();
    }

    /** Returns when the server has been closed. */
    public void awaitStop() {
        try {
            stopped.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** So that a server without it was killed. */
    private void recordStop() {
        if (endpoint != null) {
            trail.event("server_stop", SYSTEM_CATALOG, "in order");
        }
    }

    /**
     * Begins nothing any more, and waits until what runs has ended and what is read has been, for so long at most. The
     * server is to be closed then.
     */
    public void drain(Duration most) {
        HttpEndpoint listening = endpoint;
        if (listening != null) {
            listening.drain();
            pipelines.drain();
            listening.awaitIdle(most);
        }
    }

    /** Cancels what runs, then closes everything in reverse. */
    @Override
    public synchronized void close() {
        while (!open.isEmpty()) {
            AutoCloseable part = open.pop();
            try {
                part.close();
            } catch (Exception failure) {
                LOG.warn("closing failed", failure);
            }
        }
        stopped.countDown();
    }
}
