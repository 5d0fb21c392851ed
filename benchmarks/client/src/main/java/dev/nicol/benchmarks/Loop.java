package dev.nicol.benchmarks;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Clients that each repeat an operation on a connection of their own for some seconds, once at least. */
final class Loop implements Trial {
    /** Something done again and again. */
    @FunctionalInterface
    interface Operation {
        /** @param number how often this client has done it before */
        void run(long number) throws SQLException;
    }

    /** Makes a client's operation. */
    @FunctionalInterface
    interface Preparation {
        Operation on(Connection connection) throws SQLException;
    }

    /** Opens a client's connection. */
    @FunctionalInterface
    interface Opening {
        Connection open(int client) throws SQLException;
    }

    private final int clients;
    private final double seconds;
    private final Opening opening;
    private final Preparation preparation;

    Loop(int clients, double seconds, Opening opening, Preparation preparation) {
        this.clients = clients;
        this.seconds = seconds;
        this.opening = opening;
        this.preparation = preparation;
    }

    /** {@code per_s}, and {@code p50_ms} and {@code p99_ms} of an operation. */
    @Override
    public Map<String, Double> round() throws SQLException, InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        CountDownLatch connected = new CountDownLatch(clients);
        try {
            List<Future<List<Long>>> running = new ArrayList<>();
            for (int client = 0; client < clients; client++) {
                int number = client;
                running.add(threads.submit(() -> times(number, connected)));
            }
            List<Long> nanos = new ArrayList<>();
            double perSecond = 0;
            for (Future<List<Long>> client : running) {
                List<Long> times = client.get();
                nanos.addAll(times);
                perSecond += times.size()
                        * 1e9
                        / times.stream().mapToLong(Long::longValue).sum();
            }
            return measured(perSecond, nanos.stream().mapToLong(Long::longValue).toArray());
        } catch (ExecutionException failure) {
            throw failure.getCause() instanceof SQLException sql ? sql : new SQLException(failure.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    private List<Long> times(int client, CountDownLatch connected) throws SQLException, InterruptedException {
        Connection connection;
        try {
            connection = opening.open(client);
        } finally {
            connected.countDown();
        }
        try (connection) {
            Operation operation = preparation.on(connection);
            connected.await();
            List<Long> times = new ArrayList<>();
            long start = System.nanoTime();
            long end = start + (long) (seconds * 1e9);
            for (long number = 0; number == 0 || start < end; number++) {
                operation.run(number);
                long now = System.nanoTime();
                times.add(now - start);
                start = now;
            }
            return times;
        }
    }

    private static Map<String, Double> measured(double perSecond, long[] nanos) {
        Arrays.sort(nanos);
        Map<String, Double> measured = new LinkedHashMap<>();
        measured.put("per_s", perSecond);
        measured.put("p50_ms", nanos[nanos.length / 2] / 1e6);
        measured.put("p99_ms", nanos[(int) Math.min(nanos.length - 1L, Math.round(nanos.length * 0.99))] / 1e6);
        return measured;
    }
}
