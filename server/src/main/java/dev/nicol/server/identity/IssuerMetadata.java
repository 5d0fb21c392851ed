package dev.nicol.server.identity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What an issuer says of itself (OpenID Connect Discovery 1.0). It is asked when it is first needed, so that a server starts
 * while its issuer is down, and not again once it has answered.
 */
final class IssuerMetadata {
    static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    static final Duration READ_TIMEOUT = Duration.ofSeconds(5);

    /** Largest answer that is read, in bytes. */
    static final int MAX_BYTES = 1_048_576;

    /** After a failure, how long the issuer is left alone. */
    static final Duration PAUSE = Duration.ofSeconds(2);

    private static final String PATH = "/.well-known/openid-configuration";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String issuer;
    private final AtomicLong pausedUntil = new AtomicLong(System.nanoTime());
    private volatile @Nullable Endpoints endpoints;

    /** What of it is used. */
    record Endpoints(URL keys, URI token, @Nullable URI introspection) {}

    IssuerMetadata(String issuer) {
        this.issuer = issuer;
    }

    static DefaultResourceRetriever retriever() {
        DefaultResourceRetriever retriever = new DefaultResourceRetriever(
                Math.toIntExact(CONNECT_TIMEOUT.toMillis()), Math.toIntExact(READ_TIMEOUT.toMillis()), MAX_BYTES);
        // a connection that a restarted issuer has closed would cost one failed request
        retriever.setDisconnectsAfterUse(true);
        return retriever;
    }

    /** @throws IOException where the issuer cannot be asked, or answers for another */
    Endpoints endpoints() throws IOException {
        Endpoints known = endpoints;
        if (known != null) {
            return known;
        }
        if (System.nanoTime() - pausedUntil.get() < 0) {
            throw new IOException("the issuer did not answer a moment ago");
        }
        try {
            Endpoints read = read();
            endpoints = read;
            return read;
        } catch (IOException | RuntimeException failure) {
            pausedUntil.set(System.nanoTime() + PAUSE.toNanos());
            throw failure;
        }
    }

    private Endpoints read() throws IOException {
        String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
        JsonNode said = JSON.readTree(
                retriever().retrieveResource(URI.create(base + PATH).toURL()).getContent());
        if (!said.path("issuer").asText().equals(issuer)) {
            throw new IOException(
                    "the issuer calls itself `" + said.path("issuer").asText() + "`");
        }
        JsonNode introspection = said.path("introspection_endpoint");
        try {
            return new Endpoints(
                    URI.create(said.path("jwks_uri").asText()).toURL(),
                    URI.create(said.path("token_endpoint").asText()),
                    introspection.isTextual() ? URI.create(introspection.asText()) : null);
        } catch (IllegalArgumentException noAddress) {
            throw new IOException("the issuer's metadata names no endpoints", noAddress);
        }
    }
}
