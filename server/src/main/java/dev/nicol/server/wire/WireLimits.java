package dev.nicol.server.wire;

import java.time.Duration;

/**
 * Every bound of the wire. Units are in the names; durations are positive.
 *
 * @param maxRequestBytes largest request body
 * @param maxConnections open connections of all users
 * @param maxConnectionsPerUser open connections of one user
 * @param maxStatementsPerConnection statements, prepared or not, that one connection keeps open
 * @param frameBytes bytes of values after which a frame of rows is full; one row larger than this is a frame of its own
 * @param connectionIdle how long a connection may go unused before it is closed, its transaction rolled back
 * @param statementIdle how long a statement may go unused before it is closed with its cursor
 * @param sweepInterval how often idle connections and statements are looked for
 * @param busyWait how long a request waits for another request on the same connection
 * @param maxWaitingPerConnection requests that wait for another one on the same connection; further ones are refused
 * @param httpIdle how long an HTTP connection without a request is kept
 * @param maxRequestThreads threads that answer requests; a running statement occupies one
 * @param stopGrace how long a stop waits for running requests
 */
public record WireLimits(
        int maxRequestBytes,
        int maxConnections,
        int maxConnectionsPerUser,
        int maxStatementsPerConnection,
        int frameBytes,
        Duration connectionIdle,
        Duration statementIdle,
        Duration sweepInterval,
        Duration busyWait,
        int maxWaitingPerConnection,
        Duration httpIdle,
        int maxRequestThreads,
        Duration stopGrace) {

    /** Threads beside those of statements: for who fetches, cancels and closes. */
    public static final int OTHER_THREADS = 64;

    /** What a server has that says nothing else. */
    public static final WireLimits DEFAULT = new WireLimits(
            10 * 1024 * 1024,
            500,
            100,
            1000,
            256 * 1024,
            Duration.ofMinutes(30),
            Duration.ofMinutes(10),
            Duration.ofSeconds(5),
            Duration.ofMinutes(5),
            8,
            Duration.ofMinutes(5),
            256,
            Duration.ofSeconds(10));

    public WireLimits {
        positive("maxRequestBytes", maxRequestBytes);
        positive("maxConnections", maxConnections);
        positive("maxConnectionsPerUser", maxConnectionsPerUser);
        positive("maxStatementsPerConnection", maxStatementsPerConnection);
        positive("frameBytes", frameBytes);
        positive("connectionIdle", connectionIdle.toMillis());
        positive("statementIdle", statementIdle.toMillis());
        positive("sweepInterval", sweepInterval.toMillis());
        positive("busyWait", busyWait.toMillis());
        positive("maxWaitingPerConnection", maxWaitingPerConnection);
        positive("httpIdle", httpIdle.toMillis());
        positive("maxRequestThreads", maxRequestThreads);
        positive("stopGrace", stopGrace.toMillis());
    }

    private static void positive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException("the limit `" + name + "` must be positive, not `" + value + "`");
        }
    }

    public WireLimits withThreads(int requests) {
        return new WireLimits(
                maxRequestBytes,
                maxConnections,
                maxConnectionsPerUser,
                maxStatementsPerConnection,
                frameBytes,
                connectionIdle,
                statementIdle,
                sweepInterval,
                busyWait,
                maxWaitingPerConnection,
                httpIdle,
                requests,
                stopGrace);
    }

    public WireLimits withMaxRequestBytes(int bytes) {
        return new WireLimits(
                bytes,
                maxConnections,
                maxConnectionsPerUser,
                maxStatementsPerConnection,
                frameBytes,
                connectionIdle,
                statementIdle,
                sweepInterval,
                busyWait,
                maxWaitingPerConnection,
                httpIdle,
                maxRequestThreads,
                stopGrace);
    }

    public WireLimits withConnections(int overall, int perUser, int statementsEach) {
        return new WireLimits(
                maxRequestBytes,
                overall,
                perUser,
                statementsEach,
                frameBytes,
                connectionIdle,
                statementIdle,
                sweepInterval,
                busyWait,
                maxWaitingPerConnection,
                httpIdle,
                maxRequestThreads,
                stopGrace);
    }

    public WireLimits withFrameBytes(int bytes) {
        return new WireLimits(
                maxRequestBytes,
                maxConnections,
                maxConnectionsPerUser,
                maxStatementsPerConnection,
                bytes,
                connectionIdle,
                statementIdle,
                sweepInterval,
                busyWait,
                maxWaitingPerConnection,
                httpIdle,
                maxRequestThreads,
                stopGrace);
    }

    public WireLimits withIdle(Duration connections, Duration statements, Duration sweep) {
        return new WireLimits(
                maxRequestBytes,
                maxConnections,
                maxConnectionsPerUser,
                maxStatementsPerConnection,
                frameBytes,
                connections,
                statements,
                sweep,
                busyWait,
                maxWaitingPerConnection,
                httpIdle,
                maxRequestThreads,
                stopGrace);
    }

    public WireLimits withWaits(Duration busy, Duration http, Duration stop) {
        return new WireLimits(
                maxRequestBytes,
                maxConnections,
                maxConnectionsPerUser,
                maxStatementsPerConnection,
                frameBytes,
                connectionIdle,
                statementIdle,
                sweepInterval,
                busy,
                maxWaitingPerConnection,
                http,
                maxRequestThreads,
                stop);
    }
}
