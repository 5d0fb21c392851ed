package dev.nicol.server.delivery;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nicol.server.audit.TrailFeed;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Syslog messages (RFC 5424), an event each, in printable ASCII: whatever a receiver takes for the end of a line, none is in a
 * message. Over TCP they are counted in octets (RFC 6587), a connection for each batch; since syslog acknowledges nothing, it
 * is the receiver's closing of its side, once it has read to the end, that tells that it has all of it.
 */
final class SyslogSink implements Sink {
    /** What fits into one datagram. */
    static final int MAX_DATAGRAM = 65_507;

    private static final int SEVERITY_INFORMATIONAL = 6;
    private static final int MAX_MESSAGE_ID = 32;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final SinkSettings.ToSyslog target;
    private final Duration timeout;
    private final String before;
    private final String after;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "syslog-timeout");
        thread.setDaemon(true);
        return thread;
    });
    private volatile @Nullable Socket open;

    SyslogSink(SinkSettings.ToSyslog target, Duration timeout, String server) {
        this.target = target;
        this.timeout = timeout;
        this.before = "<" + (target.facility() * 8 + SEVERITY_INFORMATIONAL) + ">1 ";
        this.after = " " + hostName() + " nicol " + server + " ";
    }

    private static String hostName() {
        try {
            String name = InetAddress.getLocalHost().getHostName().replaceAll("[^!-~]", "");
            return name.isEmpty() ? "-" : name.substring(0, Math.min(255, name.length()));
        } catch (UnknownHostException nameless) {
            return "-";
        }
    }

    private byte[] message(TrailFeed.Line line, String json) {
        String kind = line.kind().replaceAll("[^!-~]", "_");
        String moment = line.occurredAt() == null ? "-" : line.occurredAt();
        return (before + moment + after + kind.substring(0, Math.min(MAX_MESSAGE_ID, kind.length())) + " - "
                        + printable(json))
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** The same JSON: outside of its texts it is ASCII, and within them any character may be written so. */
    private static String printable(String json) {
        StringBuilder text = new StringBuilder(json.length());
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (c < 0x7F) {
                text.append(c);
            } else {
                text.append(String.format("\\u%04x", (int) c));
            }
        }
        return text.toString();
    }

    @Override
    public void deliver(List<TrailFeed.Line> batch) throws IOException {
        if (target.protocol() == SinkSettings.Protocol.UDP) {
            sendDatagrams(batch);
        } else {
            sendStream(batch);
        }
    }

    private InetSocketAddress address() throws UnknownHostException {
        InetSocketAddress address = new InetSocketAddress(target.host(), target.port());
        if (address.isUnresolved()) {
            throw new UnknownHostException();
        }
        return address;
    }

    private void sendStream(List<TrailFeed.Line> batch) throws IOException {
        InetSocketAddress address = address();
        try (Socket socket = new Socket()) {
            open = socket;
            // a receiver that does not read makes a write wait for ever
            ScheduledFuture<?> cut = timer.schedule(() -> cut(socket), timeout.toMillis(), TimeUnit.MILLISECONDS);
            try {
                socket.connect(address, Math.toIntExact(timeout.toMillis()));
                OutputStream out = new BufferedOutputStream(socket.getOutputStream());
                for (TrailFeed.Line line : batch) {
                    byte[] message = message(line, line.json());
                    out.write((message.length + " ").getBytes(StandardCharsets.US_ASCII));
                    out.write(message);
                }
                out.flush();
                socket.shutdownOutput();
                readToEnd(socket.getInputStream());
            } catch (IOException failure) {
                throw cut.isDone() ? new Refusal(Refusal.TIMEOUT) : failure;
            } finally {
                cut.cancel(false);
                open = null;
            }
        }
    }

    private static void readToEnd(InputStream answer) throws IOException {
        byte[] ignored = new byte[512];
        while (answer.read(ignored) >= 0) {
            continue;
        }
    }

    private static void cut(Socket socket) {
        try {
            socket.close();
        } catch (IOException alreadyBroken) {
            return;
        }
    }

    /** Nobody tells whether a datagram arrives. */
    private void sendDatagrams(List<TrailFeed.Line> batch) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(address());
            for (TrailFeed.Line line : batch) {
                byte[] message = message(line, line.json());
                if (message.length > MAX_DATAGRAM) {
                    message = message(line, withoutTexts(line.json()));
                }
                socket.send(new DatagramPacket(message, message.length));
            }
        }
    }

    /** What is left can still be put into its place in the chain. */
    private static String withoutTexts(String json) throws IOException {
        ObjectNode event = (ObjectNode) JSON.readTree(json);
        event.remove(List.of("payload", "detail", "user_name"));
        return event.toString();
    }

    @Override
    public void check() throws IOException {
        if (target.protocol() == SinkSettings.Protocol.UDP) {
            address();
        } else {
            HttpPost.connectOnce(target.host(), target.port(), timeout);
        }
    }

    @Override
    public void close() {
        Socket socket = open;
        if (socket != null) {
            cut(socket);
        }
        timer.shutdown();
    }
}
