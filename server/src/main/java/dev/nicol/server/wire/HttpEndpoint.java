package dev.nicol.server.wire;

import dev.nicol.policy.HotReload;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.catalog.SubjectCatalogs;
import dev.nicol.server.config.NicolConfig;
import dev.nicol.server.identity.Authenticator;
import dev.nicol.server.identity.Presented;
import dev.nicol.server.pipeline.Statements;
import dev.nicol.server.wire.TextServlet.Page;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.security.cert.CertificateException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.io.ConnectionStatistics;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.DetectorConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server's one port: Avatica, health, metrics. Started by {@link #start}; closing it closes every connection. */
public final class HttpEndpoint implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(HttpEndpoint.class);

    /** Whom the trail names where no client did it. */
    private static final String ITSELF = "nicol";

    /** For all headers but the credentials. */
    private static final int HEADERS_BYTES = 8 * 1024;

    /** One for connections, and one for clients that have left: to cancel what they wait for may take as long as a source takes. */
    private static final int SWEEPERS = 2;

    /** How often a stop looks whether everything has ended. */
    private static final long IDLE_CHECK_MS = 20;

    private final Server server;
    private final @Nullable TlsContext tls;
    private final LoginFailures loginFailures;
    private final ServerConnector connector;
    private final ConnectionStatistics http = new ConnectionStatistics();
    private final AuditTrail trail;
    private final PrometheusMeterRegistry metrics;
    private final Clock clock;
    private final Compression compression;
    private final StartingServlet avatica = new StartingServlet();
    private final WaitingClients waiting = new WaitingClients();
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile Supplier<@Nullable String> unready = () -> "starting";
    private volatile @Nullable WireConnections connections;
    private final WireLimits limits;
    private final ScheduledExecutorService sweeper;
    private volatile boolean draining;

    /**
     * What the endpoint serves.
     *
     * @param unready null while the server can run statements, else why it cannot, in a few words without secrets
     */
    public record Services(
            Authenticator authenticator,
            Statements statements,
            SubjectCatalogs catalogs,
            Supplier<@Nullable String> unready) {}

    /**
     * @param at where it listens; {@link #port} tells which port was free
     * @throws dev.nicol.policy.ProblemsException where the keys for TLS cannot be used
     */
    public HttpEndpoint(
            NicolConfig.Endpoint at,
            AuditTrail trail,
            PrometheusMeterRegistry metrics,
            WireLimits limits,
            Clock clock) {
        this.limits = limits;
        this.trail = trail;
        this.metrics = metrics;
        this.clock = clock;
        this.compression = new Compression(at.gzip());
        NicolConfig.Tls keys = at.tls();
        tls = keys == null
                ? null
                : new TlsContext(
                        keys,
                        HotReload.DEFAULT_POLL_INTERVAL,
                        clock,
                        (kind, detail) -> trail.event(kind, ITSELF, detail));
        loginFailures = new LoginFailures(trail, clock);
        QueuedThreadPool threads = new QueuedThreadPool(limits.maxRequestThreads());
        threads.setName("nicol-http");
        server = new Server(threads);
        connector = new ServerConnector(server, protocols(tls)) {
            @Override
            protected SocketChannelEndPoint newEndPoint(
                    SocketChannel channel, ManagedSelector selector, SelectionKey key) {
                WatchedEndPoint client = new WatchedEndPoint(channel, selector, key, getScheduler(), getExecutor());
                client.setIdleTimeout(getIdleTimeout());
                return client;
            }
        };
        if (tls != null) {
            connector.addBean(refusedCertificates());
        }
        connector.setHost(at.host());
        connector.setPort(at.port());
        connector.setIdleTimeout(limits.httpIdle().toMillis());
        server.addConnector(connector);
        connector.addBean(http);
        ServletContextHandler handlers = handlers();
        server.setHandler(tls == null ? handlers : new TlsOnly(handlers));
        server.setErrorHandler(new PlainErrors());
        sweeper = Executors.newScheduledThreadPool(SWEEPERS, task -> {
            Thread thread = new Thread(task, "nicol-sweeper");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** What begins like HTTP on a port for TLS gets as far as {@link TlsOnly}, to hear why it is not served. */
    private static ConnectionFactory[] protocols(@Nullable TlsContext tls) {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        configuration.setSendXPoweredBy(false);
        // a token with many groups is long, and other headers come beside it
        configuration.setRequestHeaderSize(Presented.MAX_HEADER_LENGTH + HEADERS_BYTES);
        HttpConnectionFactory http = new HttpConnectionFactory(configuration);
        if (tls == null) {
            return new ConnectionFactory[] {http};
        }
        // which host a client asks for is nothing that this server decides by
        configuration.addCustomizer(new SecureRequestCustomizer(false));
        SslConnectionFactory ssl = new SslConnectionFactory(tls.factory(), http.getProtocol());
        return new ConnectionFactory[] {new DetectorConnectionFactory(ssl), http};
    }

    /** A client's certificate that is refused ends before there is a request, and is a failed login all the same. */
    private SslHandshakeListener refusedCertificates() {
        return new SslHandshakeListener() {
            @Override
            public void handshakeFailed(Event event, Throwable failure) {
                for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
                    if (cause instanceof CertificateException) {
                        loginFailures.record("", address(event.getEndPoint()), ": a certificate that is not accepted");
                        return;
                    }
                }
            }
        };
    }

    private static String address(@Nullable EndPoint from) {
        return from != null && from.getRemoteSocketAddress() instanceof InetSocketAddress address
                ? address.getAddress().getHostAddress()
                : "an unknown address";
    }

    private ServletContextHandler handlers() {
        ServletContextHandler context = new ServletContextHandler("/", ServletContextHandler.NO_SESSIONS);
        context.setErrorHandler(new PlainErrors());
        add(context, "/health/live", TextServlet.PLAIN, () -> new Page(HttpServletResponse.SC_OK, "live\n"));
        add(context, "/health/ready", TextServlet.PLAIN, () -> readiness(unready));
        add(context, "/metrics", TextServlet.PROMETHEUS, () -> new Page(HttpServletResponse.SC_OK, metrics.scrape()));
        context.addServlet(new ServletHolder(avatica), "/");
        return context;
    }

    private static void add(ServletContextHandler context, String path, String contentType, Supplier<Page> page) {
        context.addServlet(new ServletHolder(new TextServlet(contentType, page)), path);
    }

    private Page readiness(Supplier<@Nullable String> unready) {
        String reason = draining ? "stopping" : unready.get();
        return reason == null
                ? new Page(HttpServletResponse.SC_OK, "ready\n")
                : new Page(HttpServletResponse.SC_SERVICE_UNAVAILABLE, "not ready: " + reason + "\n");
    }

    /** Answers clients from now on. */
    public void serve(Services services) {
        WireConnections opened = new WireConnections(services.statements(), trail, limits, clock);
        AvaticaRequests requests = new AvaticaRequests(services.statements(), services.catalogs(), opened, limits);
        WireMetrics counts = new WireMetrics(metrics, opened, http);
        connections = opened;
        avatica.serve(new AvaticaServlet(
                services.authenticator(), loginFailures, tls, requests, waiting, counts, compression, limits));
        unready = services.unready();
    }

    /** Opens the port. Clients hear that the server is starting until {@link #serve}. */
    public void start() {
        try {
            server.start();
        } catch (Exception failure) {
            throw new UncheckedIOException(
                    "The port `" + connector.getPort() + "` on `" + connector.getHost() + "` cannot be opened.",
                    failure instanceof IOException io ? io : new IOException(failure));
        }
        long interval = limits.sweepInterval().toMillis();
        sweeper.scheduleWithFixedDelay(this::sweep, interval, interval, TimeUnit.MILLISECONDS);
        sweeper.scheduleWithFixedDelay(this::lookForClients, interval, interval, TimeUnit.MILLISECONDS);
    }

    /** The port that is open. */
    public int port() {
        return connector.getLocalPort();
    }

    /** Open Avatica connections. */
    public int connections() {
        WireConnections open = connections;
        return open == null ? 0 : open.size();
    }

    private void sweep() {
        try {
            WireConnections open = connections;
            if (open != null) {
                open.sweep();
            }
            loginFailures.flush();
        } catch (RuntimeException | Error failure) {
            LOGGER.warn("Looking for idle connections failed", failure); // a thrown failure would end the sweeper
        }
    }

    private void lookForClients() {
        try {
            WireConnections open = connections;
            if (open != null) {
                waiting.look(limits.sweepInterval(), open::left);
            }
        } catch (RuntimeException | Error failure) {
            LOGGER.warn("Looking for clients that have left failed", failure); // as above
        }
    }

    /** Tells load balancers to go elsewhere and refuses new connections; open ones go on. */
    public void drain() {
        draining = true;
        WireConnections open = connections;
        if (open != null) {
            open.drain();
        }
    }

    /** Waits until no request runs and no answer is being read, for so long at most. */
    public void awaitIdle(Duration most) {
        long until = System.nanoTime() + most.toNanos();
        try {
            WireConnections open = connections;
            while (open != null && (avatica.isAnswering() || !open.isIdle()) && System.nanoTime() < until) {
                Thread.sleep(IDLE_CHECK_MS);
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    /** Drains, cancels what still runs, closes every connection and the port. */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        drain();
        sweeper.shutdownNow();
        WireConnections open = connections;
        if (open != null) {
            open.closeAll(limits.stopGrace());
        }
        try {
            server.stop(); // interrupts the requests that did not heed their cancellation
        } catch (Exception failure) {
            LOGGER.warn("Closing the port failed", failure);
        }
        if (open != null) {
            open.closeAll(limits.stopGrace());
            open.close();
        }
        loginFailures.flushAll();
        if (tls != null) {
            tls.close();
        }
    }
}
