package dev.nicol.server.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A load balancer: who brings no cookie of its gets the next server and a cookie, and stays there. */
public final class Balancer implements AutoCloseable {
    private static final Pattern COOKIE = Pattern.compile("server=(\\d+)");

    private final HttpServer front;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpClient client = HttpClient.newHttpClient();
    private final AtomicInteger next = new AtomicInteger();
    private final List<String> servers;

    /** @param servers their addresses */
    public Balancer(List<String> servers) {
        this.servers = List.copyOf(servers);
        try {
            front = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        front.setExecutor(threads);
        front.createContext("/", this::forward);
        front.start();
    }

    public String url() {
        return "http://127.0.0.1:" + front.getAddress().getPort() + "/";
    }

    private void forward(HttpExchange exchange) throws IOException {
        Matcher known =
                COOKIE.matcher(String.valueOf(exchange.getRequestHeaders().getFirst("Cookie")));
        int server = known.find() ? Integer.parseInt(known.group(1)) : next.getAndIncrement() % servers.size();
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(servers.get(server)))
                .POST(HttpRequest.BodyPublishers.ofByteArray(
                        exchange.getRequestBody().readAllBytes()));
        for (String header : List.of("Authorization", "Content-Type")) {
            String value = exchange.getRequestHeaders().getFirst(header);
            if (value != null) {
                request.header(header, value);
            }
        }
        try {
            HttpResponse<byte[]> answer = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            for (String header : List.of("WWW-Authenticate", "Content-Type")) {
                answer.headers().allValues(header).forEach(value -> exchange.getResponseHeaders()
                        .add(header, value));
            }
            exchange.getResponseHeaders().set("Set-Cookie", "server=" + server + "; Path=/");
            exchange.sendResponseHeaders(answer.statusCode(), answer.body().length == 0 ? -1 : answer.body().length);
            exchange.getResponseBody().write(answer.body());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            exchange.close();
        }
    }

    @Override
    public void close() {
        front.stop(0);
        threads.shutdownNow();
    }
}
