package dev.nicol.adapters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.policy.Subject;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Which of a source's connections a session gets. */
class ParkedConnectionsTest {
    private static final Subject ANN = Subject.human("ann", Set.of(), Set.of(), Map.of());

    private static SourceIdentity session(String id) {
        return SourceIdentity.of("ann", null, null, id);
    }

    private static Connection used(Source source, String session) throws SQLException {
        try (SourceConnection lent = source.borrow(session(session), ANN, null)) {
            return lent.connection().unwrap(Connection.class);
        }
    }

    private static Source h2(int connections) {
        SourceDefinition h2 = TestDatabases.h2("h");
        return new Source(new SourceDefinition(
                "h", h2.kind(), h2.url(), h2.user(), h2.password(), "development", h2.properties(), connections));
    }

    @Test
    void sessionsInTurnKeepTheirs() throws SQLException {
        try (Source source = h2(4)) {
            int kept = 0;
            Connection first = used(source, "1");
            for (int i = 0; i < 100; i++) {
                Connection second = used(source, "2");
                Connection again = used(source, "1");
                kept += again == first && second != first ? 1 : 0;
                first = again;
            }
            // not all: the machine may pause for longer than a connection waits
            assertThat(kept).isGreaterThan(50);
        }
    }

    @Test
    void whoFindsNoneTakesAnothers() throws SQLException {
        try (Source source = h2(1)) {
            for (int i = 0; i < 20; i++) {
                used(source, "session " + i);
            }
            assertThat(source.activeConnections()).isZero();
        }
    }

    @Test
    void manySessionsOnFewConnectionsAllGetOne() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (Source source = h2(3)) {
            List<Future<?>> sessions = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String id = "session " + i;
                sessions.add(threads.submit(() -> {
                    for (int j = 0; j < 200; j++) {
                        used(source, id);
                    }
                    return null;
                }));
            }
            for (Future<?> session : sessions) {
                session.get();
            }
            assertThat(source.activeConnections()).isZero();
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void theyGoBackToThePoolWhenNobodyComes() throws SQLException {
        SourceDefinition h2 = TestDatabases.h2("h");
        ParkedConnections parked = new ParkedConnections(() -> false);
        Connection connection = DriverManager.getConnection(h2.url(), h2.user(), h2.password());
        assertThat(parked.park(SourceIdentity.NOBODY, connection, System.nanoTime()))
                .isFalse();
        assertThat(parked.park(session("1"), connection, System.nanoTime())).isTrue();
        assertThat(parked.take(session("2"))).isNull();
        await().until(connection::isClosed);
        assertThat(parked.size()).isZero();
    }
}
