package dev.nicol.server.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.nicol.policy.NicolException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An issuer that begins an answer and does not end it, or that knows no password. */
@Timeout(60)
class IssuerClientTest {
    private final CountDownLatch end = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger asked = new AtomicInteger();
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
        issuer.createContext("/token", exchange -> {
            asked.incrementAndGet();
            exchange.sendResponseHeaders(401, -1);
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
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < IssuerClient.MAX_AT_ONCE + 1; i++) {
            answers.add(CompletableFuture.supplyAsync(() -> failure(client), threads));
        }
        assertThat(CompletableFuture.anyOf(answers.toArray(new CompletableFuture<?>[0]))
                        .get(10, TimeUnit.SECONDS))
                .isEqualTo("too many requests to the issuer at once");
    }

    /** An issuer takes a name in any case. */
    @Test
    void spellingsOfANameAreNoFurtherGuesses() {
        PasswordGrant grant = new PasswordGrant(
                client(Duration.ofSeconds(20)),
                token -> {
                    throw new AssertionError("nobody gets a token here");
                },
                Clock.systemUTC());
        for (int i = 0; i < 32; i++) {
            StringBuilder name = new StringBuilder("alice");
            for (int bit = 0; bit < name.length(); bit++) {
                if ((i >> bit & 1) == 1) {
                    name.setCharAt(bit, Character.toUpperCase(name.charAt(bit)));
                }
            }
            BasicCredentials guess = new BasicCredentials(name.toString(), "guess" + i);
            assertThatThrownBy(() -> grant.authenticate(guess, "192.0.2.1")).isInstanceOf(NicolException.class);
        }
        assertThat(asked).hasValueBetween(FailedLogins.FREE_FAILURES, 2 * FailedLogins.FREE_FAILURES);
    }

    private static String failure(IssuerClient client) {
        try {
            return String.valueOf(client.isActive("token"));
        } catch (IOException refused) {
            return refused.getMessage();
        }
    }
}
