package dev.nicol.server.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An issuer that begins an answer and does not end it. */
@Timeout(60)
class IssuerClientTest {
    private final CountDownLatch end = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer issuer;
    private IssuerMetadata metadata;

    @BeforeEach
    void start() throws IOException {
        issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        issuer.setExecutor(threads);
        String url = "http://127.0.0.1:" + issuer.getAddress().getPort();
        String said = "{\"issuer\":\"" + url + "\",\"jwks_uri\":\"" + url + "/keys\",\"token_endpoint\":\"" + url
                + "/token\",\"introspection_endpoint\":\"" + url + "/introspect\"}";
        issuer.createContext("/.well-known/openid-configuration", exchange -> {
            byte[] body = said.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        issuer.createContext("/introspect", exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            try {
                end.await();
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        issuer.start();
        metadata = new IssuerMetadata(url);
    }

    @AfterEach
    void stop() {
        end.countDown();
        issuer.stop(0);
        threads.shutdownNow();
    }

    private IssuerClient client(Duration patience) {
        return new IssuerClient(metadata, new OidcSettings.Client("nicol", "secret"), patience);
    }

    @Test
    void anAnswerThatDoesNotEndIsNotWaitedForForEver() {
        assertThatThrownBy(() -> client(Duration.ofMillis(300)).isActive("token"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("in time");
    }

    @Test
    void itHoldsFewThreads() throws Exception {
        IssuerClient client = client(Duration.ofSeconds(20));
        List<CompletableFuture<String>> asked = new ArrayList<>();
        for (int i = 0; i < IssuerClient.MAX_AT_ONCE + 1; i++) {
            asked.add(CompletableFuture.supplyAsync(() -> failure(client), threads));
        }
        assertThat(CompletableFuture.anyOf(asked.toArray(new CompletableFuture<?>[0]))
                        .get(10, TimeUnit.SECONDS))
                .isEqualTo("too many requests to the issuer at once");
    }

    private static String failure(IssuerClient client) {
        try {
            return String.valueOf(client.isActive("token"));
        } catch (IOException refused) {
            return refused.getMessage();
        }
    }
}
