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
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Answers a client with what a server once answered to the same requests, those of each kind in their order: what then
 * takes time is the client. First it hands requests on and keeps the answers; from {@link #rewind()} on it gives those.
 */
final class Replay implements AutoCloseable {
    private static final String CREDENTIALS = "Authorization";
    private static final String CHALLENGE = "WWW-Authenticate";

    /** In JSON, or the name of the class in protobuf. */
    private static final Pattern KIND = Pattern.compile("\"request\":\"\\w+\"|Requests\\$\\w+");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpClient client = HttpClient.newHttpClient();
    private final URI origin;
    private final Map<String, List<Answer>> answers = new HashMap<>();
    private final Map<String, Integer> next = new HashMap<>();
    private boolean recorded;

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
        next.clear();
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
        String kind = kind(request);
        if (recorded) {
            List<Answer> known = answers.getOrDefault(kind, List.of());
            if (known.isEmpty()) {
                return new Answer(HttpURLConnection.HTTP_INTERNAL_ERROR, Optional.empty(), new byte[0]);
            }
            // statements have the recorded connection's id, which the driver once more synchronises
            return known.get(Math.min(next.merge(kind, 1, Integer::sum), known.size()) - 1);
        }
        Answer answer = asked(request, credentials);
        // the driver sends credentials when it is asked for them: later nobody asks
        if (answer.status() == HttpURLConnection.HTTP_OK) {
            answers.computeIfAbsent(kind, unseen -> new ArrayList<>()).add(answer);
        }
        return answer;
    }

    private static String kind(byte[] request) {
        Matcher kind = KIND.matcher(new String(request, StandardCharsets.ISO_8859_1));
        return kind.find() ? kind.group() : "";
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
