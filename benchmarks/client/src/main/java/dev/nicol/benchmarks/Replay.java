package dev.nicol.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Answers a client with what a server once answered to the same requests, in their order: what then takes time is the
 * client. First it hands requests on and keeps the answers; from {@link #rewind()} on it gives those.
 */
final class Replay implements AutoCloseable {
    private static final String CREDENTIALS = "Authorization";
    private static final String CHALLENGE = "WWW-Authenticate";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpClient client = HttpClient.newHttpClient();
    private final URI origin;
    private final List<Answer> answers = new ArrayList<>();
    private boolean recorded;
    private int next;

    /** @param origin the server whose answers are kept */
    Replay(URI origin) throws IOException {
        this.origin = origin;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    }

    /** From the first answer again. */
    synchronized void rewind() {
        recorded = true;
        next = 0;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] request = exchange.getRequestBody().readAllBytes();
            Answer answer = answer(request, exchange.getRequestHeaders().getFirst(CREDENTIALS));
            answer.challenge().ifPresent(value -> exchange.getResponseHeaders().set(CHALLENGE, value));
            exchange.sendResponseHeaders(answer.status(), answer.body().length);
            try (OutputStream body = exchange.getResponseBody()) {
                body.write(answer.body());
            }
        }
    }

    private synchronized Answer answer(byte[] request, @Nullable String credentials) throws IOException {
        if (recorded) {
            return answers.get(next++);
        }
        Answer answer = asked(request, credentials);
        // the driver sends credentials when it is asked for them: later nobody asks
        if (answer.status() == HttpURLConnection.HTTP_OK) {
            answers.add(answer);
        }
        return answer;
    }

    private Answer asked(byte[] request, @Nullable String credentials) throws IOException {
        HttpRequest.Builder post = HttpRequest.newBuilder(origin).POST(HttpRequest.BodyPublishers.ofByteArray(request));
        if (credentials != null) {
            post.header(CREDENTIALS, credentials);
        }
        try {
            HttpResponse<byte[]> response = client.send(post.build(), HttpResponse.BodyHandlers.ofByteArray());
            return new Answer(response.statusCode(), response.headers().firstValue(CHALLENGE), response.body());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }

    private record Answer(int status, Optional<String> challenge, byte[] body) {}

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
