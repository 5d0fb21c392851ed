package dev.nicol.server.identity;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Requests to an issuer as its client: is a token still good (RFC 7662), and a token for a password (RFC 6749, 4.3). */
final class IssuerClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int OK = 200;

    private final IssuerMetadata metadata;
    private final OidcSettings.Client client;
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(IssuerMetadata.CONNECT_TIMEOUT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();

    IssuerClient(IssuerMetadata metadata, OidcSettings.Client client) {
        this.metadata = metadata;
        this.client = client;
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
                .timeout(IssuerMetadata.READ_TIMEOUT)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header(
                        "Authorization",
                        "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
                .POST(HttpRequest.BodyPublishers.ofString(form.entrySet().stream()
                        .map(field -> encoded(field.getKey()) + "=" + encoded(field.getValue()))
                        .collect(Collectors.joining("&"))))
                .build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", stopped);
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
