package dev.nicol.server.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A port of a test's own that leads to a server's, until it is shut: a server that is down for one client alone. */
public final class Passage implements AutoCloseable {
    private final int target;
    private final int port;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private ServerSocket entrance;

    public Passage(int target) {
        this.target = target;
        this.entrance = listening(0);
        this.port = entrance.getLocalPort();
    }

    public int port() {
        return port;
    }

    /** Connections are refused from now on, and those that are open are cut. */
    public void shut() {
        closed(entrance);
        open.forEach(Passage::closed);
        open.clear();
    }

    public void reopen() {
        entrance = listening(port);
    }

    private ServerSocket listening(int at) {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), at));
            daemon(() -> {
                while (true) {
                    Socket from = socket.accept();
                    Socket to = new Socket(InetAddress.getLoopbackAddress(), target);
                    open.add(from);
                    open.add(to);
                    daemon(() -> copy(from, to));
                    daemon(() -> copy(to, from));
                }
            });
            return socket;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static void copy(Socket from, Socket to) throws IOException {
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void daemon(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException ended) {
                // one end was closed
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private static void closed(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception ignored) {
            // it is closed
        }
    }

    @Override
    public void close() {
        shut();
    }
}
