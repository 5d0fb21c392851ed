package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.calcite.avatica.AvaticaClientRuntimeException;
import org.apache.calcite.avatica.AvaticaConnection;
import org.apache.calcite.avatica.AvaticaStatement;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;

/** Limits, expiry, and clients that vanish. */
class LimitsOverTheWireTest {
    private static final Duration TICK = Duration.ofMillis(20);

    private static WireFixture wire(WireLimits limits) {
        WireFixture wire = new WireFixture(limits);
        wire.statements.rows("select many", Rows.row("n", Rows.type(SqlTypeName.BIGINT)), Rows.generated(100_000, n ->
                new Object[] {n}));
        wire.statements.count("insert", Rows.row(), () -> 1L);
        return wire;
    }

    private static Consumer<Throwable> state(String sqlState) {
        return failure -> {
            // the driver wraps failures of statements, not of logins
            String said = failure instanceof AvaticaClientRuntimeException login
                    ? login.getSqlState()
                    : ((SQLException) failure).getSQLState();
            assertThat(said).as("%s", failure).isEqualTo(sqlState);
        };
    }

    @Test
    void connectionsAreLimitedOverallAndPerUser() throws SQLException {
        try (WireFixture wire = wire(WireLimits.DEFAULT.withConnections(3, 2, 10))) {
            Connection one = wire.connect("json");
            Connection two = wire.connect("protobuf");
            assertThatThrownBy(() -> wire.connect("json"))
                    .satisfies(state("53300"))
                    .hasStackTraceContaining("`alice` has `2` connections open already");
            Connection bob = wire.connect("json", "bob", "builder", Map.of());
            assertThatThrownBy(() -> wire.connect("json", "bob", "builder", Map.of()))
                    .satisfies(state("53300"))
                    .hasStackTraceContaining("The server has its `3` connections");
            one.close();
            wire.connect("json", "bob", "builder", Map.of()).close();
            two.close();
            bob.close();
            assertThat(wire.endpoint.connections()).isZero();
        }
    }

    @Test
    void statementsAreLimited() throws SQLException {
        try (WireFixture wire = wire(WireLimits.DEFAULT.withConnections(3, 2, 2));
                Connection connection = wire.connect("json");
                Statement one = connection.createStatement()) {
            PreparedStatement two = connection.prepareStatement("insert");
            assertThatThrownBy(connection::createStatement).hasStackTraceContaining("`2` statements open");
            assertThatThrownBy(() -> connection.prepareStatement("insert")).satisfies(state("53300"));
            two.close();
            connection.createStatement().close();
            assertThat(one.isClosed()).isFalse();
        }
    }

    @Test
    void aConnectionThatVanishedIsClosedWithItsCursors() throws SQLException {
        WireLimits limits =
                WireLimits.DEFAULT.withIdle(Duration.ofMinutes(30), Duration.ofMinutes(10), Duration.ofMillis(20));
        try (WireFixture wire = wire(limits)) {
            Connection connection = wire.connect("json");
            Statement statement = connection.createStatement();
            ResultSet rows = statement.executeQuery("select many");
            rows.next();
            wire.clock.move(Duration.ofMinutes(9));
            await().during(TICK.multipliedBy(5)).until(() -> wire.statements.openCursors.get() == 1);
            wire.clock.move(Duration.ofMinutes(2));
            await().until(() -> wire.statements.openCursors.get() == 0);
            assertThat(wire.endpoint.connections()).isEqualTo(1);
            assertThatThrownBy(() -> {
                        while (rows.next()) {
                            rows.getLong(1);
                        }
                    })
                    .hasStackTraceContaining("This result is closed");
            // the statement's id is gone; the driver gets a new one by itself, because nothing ran
            assertThat(statement.executeUpdate("insert")).isEqualTo(1);
            wire.clock.move(Duration.ofMinutes(31));
            await().until(() -> wire.endpoint.connections() == 0);
            assertThat(wire.statements.log).contains("close");
            assertThatThrownBy(() -> statement.executeUpdate("insert")).satisfies(state("08003"));
        }
    }

    @Test
    void closingTheEndpointCancelsAndClosesEverything() throws SQLException {
        WireFixture wire = wire(WireLimits.DEFAULT);
        Connection connection = wire.connect("json");
        connection.createStatement().executeQuery("select many").next();
        assertThat(wire.statements.openCursors).hasValue(1);
        wire.close();
        assertThat(wire.statements.openCursors).hasValue(0);
        assertThat(wire.statements.log).contains("close");
        assertThatThrownBy(() -> wire.connect("json")).isInstanceOf(Exception.class);
    }

    @Test
    void aStatementSlowerThanTheHttpIdleTimeIsStillAnsweredAndRunsOnce() throws Exception {
        WireLimits limits =
                WireLimits.DEFAULT.withWaits(Duration.ofSeconds(30), Duration.ofMillis(200), Duration.ofSeconds(2));
        try (WireFixture wire = wire(limits);
                Connection connection = wire.connect("json");
                Statement statement = connection.createStatement()) {
            CountDownLatch never = new CountDownLatch(1);
            wire.statements.count("insert slowly", Rows.row(), () -> {
                try {
                    assertThat(never.await(1, TimeUnit.SECONDS)).isFalse();
                } catch (InterruptedException interrupted) {
                    throw new IllegalStateException(interrupted);
                }
                return 1L;
            });
            assertThat(statement.executeUpdate("insert slowly")).isEqualTo(1);
            assertThat(wire.statements.log.stream().filter("execute insert slowly"::equals))
                    .hasSize(1);
        }
    }

    @Test
    void closingAStatementFromAnotherThreadCancelsTheFetchThatRuns() throws Exception {
        CountDownLatch fetching = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        try (WireFixture wire = wire(WireLimits.DEFAULT.withFrameBytes(1024));
                Connection connection = wire.connect("json");
                Statement statement = connection.createStatement()) {
            wire.statements.rows(
                    "select stuck", Rows.row("n", Rows.type(SqlTypeName.BIGINT)), Rows.generated(100_000, n -> {
                        if (n == 1000) {
                            fetching.countDown();
                            await().until(() -> wire.statements.cancelled.get() > 0);
                            cancelled.countDown();
                        }
                        return new Object[] {n};
                    }));
            ResultSet rows = statement.executeQuery("select stuck");
            int id = ((AvaticaStatement) statement).getId();
            CompletableFuture<Void> reading = CompletableFuture.runAsync(() -> {
                try {
                    while (rows.next()) {
                        rows.getLong(1);
                    }
                } catch (SQLException | RuntimeException expected) {
                    // what it says is not this test's matter
                }
            });
            assertThat(fetching.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(RawClient.closeStatement(wire, statement.getConnection(), id))
                    .contains("closeStatement");
            assertThat(cancelled.await(10, TimeUnit.SECONDS)).isTrue();
            reading.get(10, TimeUnit.SECONDS);
            assertThat(wire.statements.openCursors).hasValue(0);
        }
    }

    @Test
    void aLostResponseIsGivenAgainAndNoOtherRowsAre() throws Exception {
        try (WireFixture wire = wire(WireLimits.DEFAULT.withFrameBytes(1024))) {
            String id = "repeating";
            RawClient.post(wire, "{\"request\":\"openConnection\",\"connectionId\":\"" + id + "\"}");
            RawClient.post(wire, "{\"request\":\"createStatement\",\"connectionId\":\"" + id + "\"}");
            String first = RawClient.post(
                    wire,
                    "{\"request\":\"prepareAndExecute\",\"connectionId\":\"" + id
                            + "\",\"statementId\":1,\"sql\":\"select many\",\"maxRowCount\":-1}");
            int rows = first.split("\\],\\[").length;
            String fetch = "{\"request\":\"fetch\",\"connectionId\":\"" + id
                    + "\",\"statementId\":1,\"offset\":%d,\"fetchMaxRowCount\":10}";
            String second = RawClient.post(wire, fetch.formatted(rows));
            assertThat(second).contains("\"offset\":" + rows);
            assertThat(RawClient.post(wire, fetch.formatted(rows))).isEqualTo(second);
            assertThat(RawClient.post(wire, fetch.formatted(0)))
                    .contains("0A000")
                    .contains("Run the statement again");
            assertThat(RawClient.post(wire, fetch.formatted(1_000_000))).contains("0A000");
            assertThat(RawClient.post(
                            wire,
                            "{\"request\":\"syncResults\",\"connectionId\":\"" + id
                                    + "\",\"statementId\":1,\"offset\":0,\"state\":{\"type\":\"SQL\",\"sql\":\"select"
                                    + " many\"}}"))
                    .contains("errorMessage");
            assertThat(wire.statements.log.stream().filter("execute select many"::equals))
                    .hasSize(1);
        }
    }

    @Test
    void waitingForABusyConnectionIsLimited() throws Exception {
        WireLimits limits = WireLimits.DEFAULT.withWaits(Duration.ofMillis(100), Duration.ofSeconds(30), TICK);
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        try (WireFixture wire = wire(limits);
                Connection connection = wire.connect("json");
                Statement statement = connection.createStatement()) {
            wire.statements.count("insert slowly", Rows.row(), () -> {
                running.countDown();
                await().until(() -> over.getCount() == 0);
                return 1L;
            });
            CompletableFuture<Integer> slow = CompletableFuture.supplyAsync(() -> {
                try {
                    return statement.executeUpdate("insert slowly");
                } catch (SQLException failure) {
                    throw new IllegalStateException(failure);
                }
            });
            assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();
            String id = connection.unwrap(AvaticaConnection.class).id;
            assertThat(RawClient.post(wire, "{\"request\":\"createStatement\",\"connectionId\":\"" + id + "\"}"))
                    .contains("53300")
                    .contains("This connection is busy");
            over.countDown();
            assertThat(slow.get(10, TimeUnit.SECONDS)).isEqualTo(1);
        }
    }
}
