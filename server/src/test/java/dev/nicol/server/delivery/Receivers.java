package dev.nicol.server.delivery;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** What the trail is delivered to in tests: real sockets, which keep what they accepted. */
final class Receivers {
    private Receivers() {}

    /** A POST that was accepted. */
    record Posted(String path, Map<String, List<String>> headers, String body) {
        String header(String name) {
            return headers.entrySet().stream()
                    .filter(header -> header.getKey().equalsIgnoreCase(name))
                    .map(header -> header.getValue().get(0))
                    .findFirst()
                    .orElse("");
        }
    }

    /** How an HTTP receiver behaves. */
    enum Mood {
        ACCEPTS,
        REFUSES,
        HANGS
    }

    static final class Http implements AutoCloseable {
        final List<Posted> posted = new CopyOnWriteArrayList<>();
        volatile Mood mood = Mood.ACCEPTS;
        volatile int refused;
        private final CountDownLatch closing = new CountDownLatch(1);
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final HttpServer server;

        Http() {
            this(0);
        }

        Http(int port) {
            try {
                server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
            server.createContext("/", this::answer);
            server.setExecutor(threads);
            server.start();
        }

        private void answer(HttpExchange exchange) throws IOException {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            try {
                if (mood == Mood.HANGS) {
                    refused++;
                    closing.await();
                }
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
            if (mood == Mood.ACCEPTS) {
                posted.add(new Posted(
                        exchange.getRequestURI().toString(), Map.copyOf(exchange.getRequestHeaders()), body));
                exchange.sendResponseHeaders(204, -1);
            } else {
                refused++;
                byte[] answer = "the secret of the receiver".getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(500, answer.length);
                exchange.getResponseBody().write(answer);
            }
            exchange.close();
        }

        String url() {
            return "http://127.0.0.1:" + server.getAddress().getPort();
        }

        List<String> lines() {
            return posted.stream().flatMap(post -> post.body().lines()).toList();
        }

        @Override
        public void close() {
            closing.countDown();
            server.stop(0);
            threads.shutdownNow();
        }
    }

    /** Reads messages that are counted in octets. */
    static final class SyslogTcp implements AutoCloseable {
        final List<String> messages = new CopyOnWriteArrayList<>();
        private final ServerSocket server;

        SyslogTcp(int port) {
            try {
                server = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
            daemon(() -> {
                while (true) {
                    try (Socket socket = server.accept()) {
                        read(socket.getInputStream());
                    }
                }
            });
        }

        private void read(InputStream in) throws IOException {
            StringBuilder count = new StringBuilder();
            for (int c = in.read(); c >= 0; c = in.read()) {
                if (c != ' ') {
                    count.append((char) c);
                } else {
                    messages.add(
                            new String(in.readNBytes(Integer.parseInt(count.toString())), StandardCharsets.US_ASCII));
                    count.setLength(0);
                }
            }
        }

        int port() {
            return server.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }

    static final class SyslogUdp implements AutoCloseable {
        final List<String> messages = new CopyOnWriteArrayList<>();
        private final DatagramSocket socket;

        SyslogUdp() {
            try {
                socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                socket.setReceiveBufferSize(4 << 20);
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
            daemon(() -> {
                while (true) {
                    DatagramPacket packet = new DatagramPacket(new byte[70_000], 70_000);
                    socket.receive(packet);
                    messages.add(new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII));
                }
            });
        }

        int port() {
            return socket.getLocalPort();
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    private interface Reading {
        void read() throws IOException;
    }

    private static void daemon(Reading reading) {
        Thread thread = new Thread(
                () -> {
                    try {
                        reading.read();
                    } catch (IOException closed) {
                        Thread.currentThread().interrupt();
                    }
                },
                "receiver");
        thread.setDaemon(true);
        thread.start();
    }

    /** A port on which nothing listens. */
    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
