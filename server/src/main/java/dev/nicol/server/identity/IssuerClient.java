package dev.nicol.server.identity;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Requests to an issuer as its client: is a token still good (RFC 7662), and a token for a password (RFC 6749, 4.3). */
final class IssuerClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int OK = 200;

    /** Requests at once: an issuer that hangs holds no more of the server's threads than these. */
    static final int MAX_AT_ONCE = 32;

    /** Longest wait for one of them. */
    private static final Duration WAIT = Duration.ofMillis(500);

    private final IssuerMetadata metadata;
    private final OidcSettings.Client client;
    private final Duration patience;
    private final Semaphore requests = new Semaphore(MAX_AT_ONCE);
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(IssuerMetadata.CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    IssuerClient(IssuerMetadata metadata, OidcSettings.Client client) {
        this(metadata, client, IssuerMetadata.READ_TIMEOUT);
    }

    /** @param patience for a whole answer */
    IssuerClient(IssuerMetadata metadata, OidcSettings.Client client, Duration patience) {
        this.metadata = metadata;
        this.client = client;
        this.patience = patience;
    }

    /**
     * Whether the issuer knows this client; true where it has no introspection to tell by.
     *
     * @throws IOException where it cannot be asked
     */
    boolean isAccepted() throws IOException {
        URI endpoint = metadata.endpoints().introspection();
        return endpoint == null || post(endpoint, Map.of("token", "none")).statusCode() == OK;
    }

    /** @throws IOException where the issuer cannot be asked */
    boolean isActive(String token) throws IOException {
        URI endpoint = metadata.endpoints().introspection();
        if (endpoint == null) {
            throw new IOException("the issuer has no introspection");
        }
        HttpResponse<String> answer = post(endpoint, Map.of("token", token));
        return answer.statusCode() == OK
                && JSON.readTree(answer.body()).path("active").asBoolean(false);
    }

    /**
     * @return an access token; null where the issuer refuses name or password
     * @throws IOException where the issuer cannot be asked
     */
    @Nullable
    String tokenFor(String name, String password) throws IOException {
        HttpResponse<String> answer = post(
                metadata.endpoints().token(),
                Map.of("grant_type", "password", "username", name, "password", password, "scope", "openid"));
        return answer.statusCode() == OK
                ? JSON.readTree(answer.body()).path("access_token").asText()
                : null;
    }

    private HttpResponse<String> post(URI endpoint, Map<String, String> form) throws IOException {
        String credentials = encoded(client.id()) + ":" + encoded(client.secret());
        HttpRequest request = HttpRequest.newBuilder(endpoint)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header(
                        "Authorization",
                        "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
                .POST(HttpRequest.BodyPublishers.ofString(form.entrySet().stream()
                        .map(field -> encoded(field.getKey()) + "=" + encoded(field.getValue()))
                        .collect(Collectors.joining("&"))))
                .build();
        try {
            if (!requests.tryAcquire(WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException("too many requests to the issuer at once");
            }
            try {
                return answer(request);
            } finally {
                requests.release();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", stopped);
        }
    }

    /** The whole answer in time: the client's own bound ends with its head. */
    private HttpResponse<String> answer(HttpRequest request) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<String>> answer = http.sendAsync(request, HttpResponse.BodyHandlers.ofString());
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failure) {
            throw new IOException("the issuer cannot be asked", failure.getCause());
        } catch (TimeoutException late) {
            throw new IOException("the issuer did not answer in time", late);
        } finally {
            answer.cancel(true);
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
