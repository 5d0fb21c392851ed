package dev.nicol.benchmarks;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.nicol.benchmarks.Peer.Format;
import dev.nicol.benchmarks.Peer.Layout;
import dev.nicol.benchmarks.Peer.Who;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Many clients for minutes, each with its own connection and its own mix: look-ups, a customer's orders across databases, a
 * page of lines, now and then query 6. Tells errors, each client's share, and the heap. One peer after the other, one round.
 */
final class Mixed implements Work {
    private static final int SAMPLES = 40;

    @Override
    public String name() {
        return "mixed";
    }

    @Override
    public void run(Bench bench) throws InterruptedException {
        ObjectNode told = bench.report().more().putObject("mixed");
        for (Peer peer : bench.peers()) {
            if (peer.server() != null) {
                run(bench, peer, told.putObject(peer.letter()));
            }
        }
    }

    private static void run(Bench bench, Peer peer, ObjectNode told) throws InterruptedException {
        int clients = bench.options().clients();
        long end = System.nanoTime() + (long) (bench.options().minutes() * 60e9);
        AtomicLongArray counts = new AtomicLongArray(clients);
        Map<String, AtomicInteger> errors = new ConcurrentHashMap<>();
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        for (int client = 0; client < clients; client++) {
            int number = client;
            threads.submit(() -> work(bench, peer, number, end, counts, errors));
        }
        threads.shutdown();
        ArrayNode heap = told.putArray("heap_mib");
        long pause = Math.max(1000, (long) (bench.options().minutes() * 60_000 / SAMPLES));
        while (!threads.awaitTermination(pause, TimeUnit.MILLISECONDS)) {
            ChildJvm server = peer.server();
            if (server != null && server.ended().isEmpty()) {
                heap.add(server.heapUsed(false) >> 20);
            }
            if (System.nanoTime() > end + bench.rounds().limit().toNanos()) {
                threads.shutdownNow();
                errors.computeIfAbsent("a client hangs", unseen -> new AtomicInteger())
                        .incrementAndGet();
                break;
            }
        }
        tell(bench, peer, counts, errors, told);
    }

    private static void tell(
            Bench bench, Peer peer, AtomicLongArray counts, Map<String, AtomicInteger> errors, ObjectNode told) {
        long[] sorted = new long[counts.length()];
        Arrays.setAll(sorted, counts::get);
        Arrays.sort(sorted);
        long total = Arrays.stream(sorted).sum();
        ChildJvm server = peer.server();
        long after = server == null || server.ended().isPresent() ? -1 : server.heapUsed(true) >> 20;
        told.put("statements", total);
        told.put("least_of_a_client", sorted[0]);
        told.put("median_of_a_client", sorted[sorted.length / 2]);
        told.put("most_of_a_client", sorted[sorted.length - 1]);
        told.put("heap_mib_after_collection", after);
        ObjectNode failures = told.putObject("errors");
        Map<String, AtomicInteger> ordered = new LinkedHashMap<>(errors);
        ordered.forEach((message, count) -> failures.put(message, count.get()));
        bench.report()
                .say(String.format(
                        "%s: %,d statements of %d clients (least %,d, median %,d, most %,d), errors %s, heap after collection"
                                + " %d MiB, during it %s",
                        peer.letter(),
                        total,
                        sorted.length,
                        sorted[0],
                        sorted[sorted.length / 2],
                        sorted[sorted.length - 1],
                        errors,
                        after,
                        told.get("heap_mib")));
    }

    private static void work(
            Bench bench, Peer peer, int client, long end, AtomicLongArray counts, Map<String, AtomicInteger> errors) {
        String lookup = peer.sql(Lookup.SQL, Layout.WHOLE);
        String orders = peer.sql(Federated.ORDERS, Layout.SPREAD);
        String page = peer.sql("SELECT * FROM ${lineitem} WHERE l_orderkey BETWEEN ", Layout.WHOLE);
        String sum = peer.sql(Queries.template(6), Layout.WHOLE);
        while (System.nanoTime() < end) {
            try (Connection connection = peer.connect(Who.ANALYST, Format.JSON, client)) {
                for (long number = 0; System.nanoTime() < end; number++) {
                    long key = (number * 7_919 + client * 104_729L)
                                    % bench.databases().customers()
                            + 1;
                    int kind = (int) ((number + client) % 200);
                    if (kind == 0) {
                        Statements.run(connection, sum);
                    } else if (kind % 10 == 0) {
                        Statements.run(connection, page + key + " AND " + (key + 400));
                    } else if (kind % 3 == 0) {
                        Statements.run(connection, orders + key);
                    } else {
                        Statements.run(connection, lookup + key);
                    }
                    counts.incrementAndGet(client);
                }
            } catch (SQLException | RuntimeException failure) {
                errors.computeIfAbsent(Failures.told(failure, peer.server()), unseen -> new AtomicInteger())
                        .incrementAndGet();
            }
        }
    }
}
