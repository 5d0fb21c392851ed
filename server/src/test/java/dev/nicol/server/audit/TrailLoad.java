package dev.nicol.server.audit;

import java.io.PrintStream;
import java.nio.file.Path;

/**
 * A server's trail under load, in a process of its own: prints {@code B <id>} once a begin has returned and
 * {@code C <id>} once a complete has, until it is killed. Arguments: the
 * store's url, user, password and keys, threads.
 */
final class TrailLoad {
    private TrailLoad() {}

    @SuppressWarnings("resource") // ends by being killed
    public static void main(String[] arguments) {
        PrintStream output = System.out;
        StoreSettings settings = arguments[0].startsWith("jdbc:h2:")
                ? StoreSettings.embedded(arguments[0])
                : new StoreSettings(
                        arguments[0],
                        arguments[1],
                        arguments[2],
                        null,
                        null,
                        Path.of(arguments[3]),
                        StoreSettings.DEFAULT_SERVER);
        StoreAuditTrail trail = StoreAuditTrail.open(Store.open(settings));
        for (int thread = 0; thread < Integer.parseInt(arguments[4]); thread++) {
            new Thread(() -> {
                        while (true) {
                            String id = StatementIds.next();
                            trail.begin(TrailFixture.select(id));
                            print(output, "B " + id);
                            trail.complete(id, TrailFixture.succeeded(1));
                            print(output, "C " + id);
                        }
                    })
                    .start();
        }
    }

    /** A whole line at once: the process may end between two writes. */
    private static void print(PrintStream output, String line) {
        byte[] bytes = (line + "\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        synchronized (output) {
            output.write(bytes, 0, bytes.length);
            output.flush();
        }
    }
}
