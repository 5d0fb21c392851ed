package dev.nicol.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
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

/**
 * Answers a client with what a server once answered to the same requests, in their order: what then takes time is the
 * client. First it hands requests on and keeps the answers; from {@link #rewind()} on it gives those.
 */
final class Replay implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpClient client = HttpClient.newHttpClient();
    private final URI origin;
    private final List<byte[]> answers = new ArrayList<>();
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
            byte[] answer = answer(request, exchange.getRequestHeaders().getFirst("Authorization"));
            exchange.sendResponseHeaders(200, answer.length);
            try (OutputStream body = exchange.getResponseBody()) {
                body.write(answer);
            }
        }
    }

    private synchronized byte[] answer(byte[] request, String authorization) throws IOException {
        if (!recorded) {
            answers.add(asked(request, authorization));
        }
        return answers.get(next++);
    }

    private byte[] asked(byte[] request, String authorization) throws IOException {
        HttpRequest.Builder post = HttpRequest.newBuilder(origin).POST(HttpRequest.BodyPublishers.ofByteArray(request));
        Optional.ofNullable(authorization).ifPresent(value -> post.header("Authorization", value));
        try {
            return client.send(post.build(), HttpResponse.BodyHandlers.ofByteArray())
                    .body();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
