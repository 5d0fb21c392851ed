package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sockets that close, and some that do not, while the statement that came over them runs. */
class DepartedClientsTest {
    private final CountDownLatch end = new CountDownLatch(1);
    private WireFixture wire;

    @BeforeEach
    void start() throws Exception {
        Duration day = Duration.ofDays(1);
        wire = new WireFixture(WireLimits.DEFAULT.withIdle(day, day, Duration.ofMillis(50)));
        wire.statements.rows("slow", Rows.row("n", Rows.type(SqlTypeName.INTEGER)), this::slow);
        wire.statements.rows("quick", Rows.row("n", Rows.type(SqlTypeName.INTEGER)), Rows.of(new Object[] {7}));
        for (String connection : List.of("one", "two")) {
            RawClient.post(wire, "{\"request\":\"openConnection\",\"connectionId\":\"" + connection + "\"}");
            RawClient.post(wire, "{\"request\":\"createStatement\",\"connectionId\":\"" + connection + "\"}");
        }
    }

    @AfterEach
    void stop() {
        end.countDown();
        wire.close();
    }

    /** Rows that come when the test says so. */
    private Iterator<@Nullable Object[]> slow() {
        return new Iterator<>() {
            private boolean given;

            @Override
            public boolean hasNext() {
                try {
                    end.await();
                } catch (InterruptedException stopping) {
                    Thread.currentThread().interrupt();
                }
                return !given;
            }

            @Override
            public @Nullable Object[] next() {
                given = true;
                return new @Nullable Object[] {42};
            }
        };
    }

    private Socket runs(String connection, String... statements) throws IOException {
        Socket socket = new Socket("127.0.0.1", wire.endpoint.port());
        OutputStream out = socket.getOutputStream();
        for (String sql : statements) {
            out.write(request(connection, sql));
        }
        out.flush();
        return socket;
    }

    private static byte[] request(String connection, String sql) {
        String body = "{\"request\":\"prepareAndExecute\",\"connectionId\":\"" + connection
                + "\",\"statementId\":1,\"sql\":\"" + sql + "\",\"maxRowCount\":-1}";
        return ("POST / HTTP/1.1\r\nHost: here\r\nAuthorization: " + WireFixture.basic("alice", "wonderland")
                        + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private void awaitRunning(int statements) {
        await().until(() -> wire.statements.openCursors.get() == statements);
    }

    @Test
    void endWhatTheyWaitedFor() throws Exception {
        Socket gone = runs("one", "slow");
        Socket waits = runs("two", "slow");
        awaitRunning(2);

        gone.close();
        await().until(() -> wire.statements.cancelled.get() > 0);

        end.countDown();
        assertThat(answer(waits)).contains("42");
    }

    @Test
    void leaveWhatOthersSentOnTheirConnection() throws Exception {
        Socket works = runs("one", "slow");
        awaitRunning(1);
        Socket waitsForIt = runs("one", "quick");
        Socket gone = runs("two", "slow");
        awaitRunning(2);

        waitsForIt.close();
        gone.close();
        await().until(() -> wire.statements.cancelled.get() > 0);

        end.countDown();
        assertThat(answer(works)).contains("42");
    }

    /** What a client sends before it has its answer is looked at, and not lost. */
    @Test
    void mayBeThereAndSendTheNextRequest() throws Exception {
        Socket pipelines = runs("one", "slow", "quick");
        Socket gone = runs("two", "slow");
        awaitRunning(2);
        pipelines.getOutputStream().write(request("one", "quick"));
        gone.close();
        await().until(() -> wire.statements.cancelled.get() > 0);
        pipelines.getOutputStream().write(request("one", "quick"));

        end.countDown();
        BufferedReader reader = reader(pipelines);
        assertThat(answer(reader)).contains("42");
        for (int i = 0; i < 3; i++) {
            assertThat(answer(reader)).contains("7");
        }
    }

    private static String answer(Socket socket) throws IOException {
        return answer(reader(socket));
    }

    private static BufferedReader reader(Socket socket) throws IOException {
        socket.setSoTimeout(10_000);
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    }

    /** The rows in the next response's body. */
    private static String answer(BufferedReader reader) throws IOException {
        int length = 0;
        for (String line = reader.readLine(); line != null && !line.isEmpty(); line = reader.readLine()) {
            if (line.startsWith("Content-Length: ")) {
                length = Integer.parseInt(line.substring("Content-Length: ".length()));
            }
        }
        char[] body = new char[length];
        for (int read = 0; read < length; ) {
            read += reader.read(body, read, length - read);
        }
        return new String(body).replaceAll(".*\"rows\":(\\[.*?\\]\\]).*", "$1");
    }
}
