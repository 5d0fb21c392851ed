package dev.nicol.server.wire;

import dev.nicol.policy.HotReload;
import dev.nicol.server.config.NicolConfig;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys and the trust that TLS works with. Both files are read again when they change; what cannot be used leaves the
 * earlier ones in force. Connections that are open go on with the server's key they began with, but a client's
 * certificate is held against the trust in force at every request.
 */
final class TlsContext implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TlsContext.class);

    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    /** Forward secrecy and authenticated encryption, nothing else. */
    private static final String[] CIPHERS = {
        "TLS_AES_.*", "TLS_CHACHA20_.*", "TLS_ECDHE_.*_GCM_.*", "TLS_ECDHE_.*_CHACHA20_POLY1305_.*"
    };

    /** Under which a TLS session keeps the trust that its client's certificate was verified with. */
    private static final String VERIFIED_WITH = "dev.nicol.trust";

    private final SslContextFactory.Server factory = new SslContextFactory.Server();
    private final BiConsumer<String, String> events;
    private final HotReload<KeyStore> keys;
    private final @Nullable HotReload<Trust> trust;
    private Consumer<SslContextFactory> applied;

    private record Trust(KeyStore store, X509TrustManager manager) {}

    /**
     * @param events told the kind and detail of every reload
     * @throws dev.nicol.policy.ProblemsException where a file cannot be used
     */
    TlsContext(NicolConfig.Tls settings, Duration pollInterval, Clock clock, BiConsumer<String, String> events) {
        this.events = events;
        NicolConfig.ClientCertificates clients = settings.clients();
        // both before either is watched: a watch that nobody closes would go on
        KeyFiles.check(settings, clock.instant());
        factory.setKeyStorePassword(settings.password());
        keys = new HotReload<>(
                settings.keystore(),
                pollInterval,
                file -> KeyFiles.own(file, settings.password(), clock.instant()),
                this::loaded);
        trust = clients == null
                ? null
                : new HotReload<>(
                        clients.truststore(),
                        pollInterval,
                        file -> trust(KeyFiles.trusted(file, clients.password())),
                        this::loaded);
        factory.setIncludeProtocols(PROTOCOLS);
        factory.setExcludeProtocols();
        factory.setIncludeCipherSuites(CIPHERS);
        factory.setExcludeCipherSuites();
        factory.setRenegotiationAllowed(false);
        if (clients != null) {
            factory.setWantClientAuth(!clients.needed());
            factory.setNeedClientAuth(clients.needed());
        }
        applied = read();
        applied.accept(factory);
    }

    SslContextFactory.Server factory() {
        return factory;
    }

    private static Trust trust(KeyStore store) {
        try {
            TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
            managers.init(store);
            for (TrustManager manager : managers.getTrustManagers()) {
                if (manager instanceof X509TrustManager x509) {
                    return new Trust(store, x509);
                }
            }
        } catch (GeneralSecurityException unusable) {
            throw new IllegalStateException("no trust can be had from these certificates", unusable);
        }
        throw new IllegalStateException("this Java verifies no certificates");
    }

    /** Puts what was read last into the factory. */
    private Consumer<SslContextFactory> read() {
        KeyStore own = keys.get();
        HotReload<Trust> trusted = trust;
        KeyStore authorities = trusted == null ? null : trusted.get().store();
        return target -> {
            target.setKeyStore(own);
            target.setTrustStore(authorities);
        };
    }

    private synchronized void loaded(HotReload.Load<?> load) {
        if (!load.succeeded()) {
            events.accept("tls_load_failed", load.problems().toString());
            return;
        }
        Consumer<SslContextFactory> next = read();
        try {
            factory.reload(next);
            applied = next;
        } catch (Exception unusable) {
            LOG.error("the new keys cannot be used, the earlier ones stay in force", unusable);
            restore();
            events.accept("tls_load_failed", "cannot be used; see the log");
            return;
        }
        events.accept("tls_load", "in force for new connections");
    }

    private void restore() {
        try {
            factory.reload(applied);
        } catch (Exception unusable) {
            LOG.error("the earlier keys cannot be used any more", unusable);
        }
    }

    /**
     * The certificate that a client has shown, where it is still good: its CA may have been taken out of the trust since
     * the connection began. That it has expired since is for who logs it in.
     *
     * @param chain the client's own certificate first
     * @throws CertificateException where it is not good any more
     */
    X509Certificate verified(X509Certificate[] chain, SSLSession session) throws CertificateException {
        HotReload<Trust> trusted = trust;
        if (trusted == null) {
            throw new CertificateException("nobody is trusted");
        }
        Trust inForce = trusted.get();
        if (session.getValue(VERIFIED_WITH) != inForce) {
            inForce.manager().checkClientTrusted(chain, chain[0].getPublicKey().getAlgorithm());
            session.putValue(VERIFIED_WITH, inForce);
        }
        return chain[0];
    }

    @Override
    public void close() {
        keys.close();
        if (trust != null) {
            trust.close();
        }
    }
}
