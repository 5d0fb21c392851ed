package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.server.testing.TestStore;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestStore.class)
class AuditVerifierTest {
    @Parameter
    TestStore kind;

    static final String FIRST = "0190-first";
    private static final String SECOND = "0190-second";

    /** Changes are taken back. */
    private static final Map<TestStore, Store> FILLED = new EnumMap<>(TestStore.class);

    @TempDir
    static Path shared;

    @TempDir
    Path directory;

    /** Events: 1 login, 2 intent and 3 outcome of the first, 4 refusal of the second, 5 logout, 6 intent of a third. */
    static void fill(Store store) {
        try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.event("login", "alice", "from 127.0.0.1");
            trail.begin(TrailFixture.select(FIRST));
            trail.complete(FIRST, TrailFixture.touching(2));
            trail.refused(TrailFixture.select(SECOND), TrailFixture.denied());
            trail.event("logout", "alice", "");
            trail.begin(TrailFixture.select("0190-third"));
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
                    UPDATE audit.events SET user_name = 'bob' WHERE event_id = 1 ; 1
                    UPDATE audit.events SET detail = NULL WHERE event_id = 4 ; 4
                    UPDATE audit.events SET kind = 'logout' WHERE event_id = 1 ; 1
                    UPDATE audit.events SET occurred_at = occurred_at + INTERVAL '0.000001' SECOND WHERE event_id = 5 ; 5
                    UPDATE audit.events SET statement_id = NULL WHERE event_id = 3 ; 3
                    UPDATE audit.events SET hash = previous_hash WHERE event_id = 2 ; 2
                    UPDATE audit.events SET previous_hash = hash WHERE event_id = 2 ; 2
                    UPDATE internal.event_bytes SET payload = (SELECT payload FROM internal.event_bytes WHERE event_id = 3) WHERE event_id = 2 ; 2
                    UPDATE internal.event_bytes SET format_version = 3 WHERE event_id = 5 ; 5
                    UPDATE internal.event_bytes SET format_version = 1 WHERE event_id = 5 ; 5
                    UPDATE internal.event_bytes SET format_version = 1 WHERE event_id = 1 ; 1
                    DELETE FROM internal.event_bytes WHERE event_id = 3 ; 3
                    INSERT INTO internal.event_bytes SELECT server, 99, format_version, payload FROM internal.event_bytes WHERE event_id = 1 ; 7
                    DELETE FROM audit.events WHERE event_id = 1 ; 1
                    DELETE FROM audit.events WHERE event_id = 4 ; 4
                    DELETE FROM audit.events WHERE event_id = 6 ; 6
                    DELETE FROM audit.events ; 1
                    DELETE FROM internal.chain_heads ; 7
                    UPDATE internal.chain_heads SET last_id = 5 ; 6
                    UPDATE internal.chain_heads SET last_hash = 'x' ; 6
                    UPDATE audit.statements SET server = 'other' WHERE outcome = 'denied' ; 4
                    UPDATE audit.events SET server = 'other' WHERE event_id = 5 ; 5
                    UPDATE audit.statements SET user_name = 'bob' WHERE outcome = 'succeeded' ; 2
                    UPDATE audit.statements SET sql_text = 'SELECT 1' WHERE outcome = 'denied' ; 4
                    UPDATE audit.statements SET row_count = 1 WHERE outcome = 'succeeded' ; 3
                    UPDATE audit.statements SET outcome = 'succeeded' WHERE outcome = 'denied' ; 4
                    UPDATE audit.statements SET outcome = 'succeeded' WHERE outcome = 'running' ; 6
                    DELETE FROM audit.statements WHERE outcome = 'running' ; 6
                    DELETE FROM audit.source_queries ; 3
                    UPDATE audit.source_queries SET sql_sent = 'SELECT 1' ; 3
                    UPDATE audit.rows_touched SET key_hash = '0c' WHERE key_hash = '0b' ; 3
                    UPDATE audit.rows_touched SET table_id = 'x' ; 3
                    DELETE FROM audit.rows_touched WHERE key_hash IS NULL ; 3
                    INSERT INTO audit.rows_touched SELECT * FROM audit.rows_touched WHERE access = 'update' ; 3
                    UPDATE audit.column_access SET mask = NULL ; 2
                    INSERT INTO audit.column_access SELECT * FROM audit.column_access WHERE tags <> '' ; 2
                    UPDATE lineage.edges SET masked = FALSE WHERE masked ; 2
                    DELETE FROM lineage.statements ; 2
                    UPDATE internal.flows SET masked = FALSE WHERE masked ; 7
                    UPDATE internal.flows SET statements = 3 WHERE masked ; 7
                    DELETE FROM internal.flows WHERE masked ; 7
                    UPDATE internal.flows SET flow_id = 'x' WHERE masked ; 7
                    """)
    void whatWasChangedByHandIsFound(String change, long brokenId) throws Exception {
        Store store = FILLED.computeIfAbsent(kind, AuditVerifierTest::filled);
        try (Connection connection = store.connection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            try {
                statement.executeUpdate(change);
                assertThat(AuditVerifier.walkAll(connection, store.server(), Map.of())
                                .problems())
                        .first()
                        .asString()
                        .startsWith("server `nicol` broken at event " + brokenId + ":");
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
        assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(6));
    }

    private static Store filled(TestStore kind) {
        Store store = Store.open(kind.settings(shared));
        fill(store);
        return store;
    }

    @AfterAll
    static void close() {
        FILLED.values().forEach(Store::close);
        FILLED.clear();
    }

    @Test
    void rowsThatBelongToNoChainAreFound() throws Exception {
        try (Store store = Store.open(kind.settings(directory))) {
            fill(store);
            StoreAuditTrailTest.sql(
                    store, "INSERT INTO audit.source_queries VALUES ('0190-fourth', 's', 'e', 'q', 0, 0)");
            assertThat(AuditVerifier.verify(store).problems())
                    .containsExactly("broken: audit.source_queries has rows that no event tells of");
        }
    }

    @Test
    void eventsThatChangedPlacesAreFound() throws Exception {
        try (Store store = Store.open(kind.settings(directory))) {
            fill(store);
            StoreAuditTrailTest.sql(
                    store,
                    "UPDATE audit.events SET event_id = 100 WHERE event_id = 1",
                    "UPDATE audit.events SET event_id = 1 WHERE event_id = 5",
                    "UPDATE audit.events SET event_id = 5 WHERE event_id = 100",
                    "UPDATE internal.event_bytes SET event_id = 100 WHERE event_id = 1",
                    "UPDATE internal.event_bytes SET event_id = 1 WHERE event_id = 5",
                    "UPDATE internal.event_bytes SET event_id = 5 WHERE event_id = 100");
            assertThat(AuditVerifier.verify(store).chains().get(0).brokenId()).isEqualTo(1);
        }
    }

    @Test
    void aChainCutAtItsEndIsFoundByItsHead() throws Exception {
        try (Store store = Store.open(kind.settings(directory))) {
            fill(store);
            StoreAuditTrailTest.sql(
                    store,
                    "DELETE FROM audit.events WHERE event_id = 6",
                    "DELETE FROM internal.event_bytes WHERE event_id = 6",
                    "DELETE FROM audit.statements WHERE outcome = 'running'",
                    "DELETE FROM audit.column_access WHERE statement_id = '0190-third'",
                    "DELETE FROM lineage.edges WHERE statement_id = '0190-third'",
                    "DELETE FROM lineage.statements WHERE statement_id = '0190-third'");
            assertThat(AuditVerifier.verify(store))
                    .isEqualTo(TrailFixture.of(5, 6L, "it is missing; the chain's head is at 6"));
        }
    }

    @Test
    void aBreakStaysVisibleWhenTheTrailGoesOn() throws Exception {
        try (Store store = Store.open(kind.settings(directory))) {
            fill(store);
            StoreAuditTrailTest.sql(store, "DELETE FROM audit.events WHERE event_id = 6");
            try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
                trail.event("login", "bob", "");
            }
            assertThat(AuditVerifier.verify(store).chains().get(0).brokenId()).isEqualTo(6);
        }
    }
}
