package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.server.testing.TestStore;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

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
                    UPDATE internal.shape_columns SET mask = NULL ; 2
                    DELETE FROM internal.shape_columns WHERE tags <> '' ; 2
                    INSERT INTO internal.shape_columns SELECT * FROM internal.shape_columns WHERE tags <> '' ; 2
                    UPDATE internal.shape_edges SET masked = FALSE WHERE masked ; 2
                    DELETE FROM internal.shape_edges WHERE masked ; 2
                    INSERT INTO internal.shape_edges SELECT * FROM internal.shape_edges WHERE masked ; 2
                    UPDATE internal.shapes SET complete = FALSE ; 2
                    UPDATE internal.shapes SET lineage_id = 'x' ; 2
                    DELETE FROM internal.shapes ; 2
                    INSERT INTO internal.shapes SELECT 'x', server, complete FROM internal.shapes ; 7
                    UPDATE internal.usages SET user_name = 'bob' ; 2
                    UPDATE internal.usages SET model = 'm' ; 2
                    UPDATE internal.usages SET lineage_id = 'x' ; 2
                    UPDATE internal.usages SET digest = 'x' ; 2
                    DELETE FROM internal.usages ; 2
                    INSERT INTO internal.usages (digest, server, lineage_id, user_name, statement_kind, verdict) SELECT 'x', server, lineage_id, 'bob', statement_kind, verdict FROM internal.usages ; 7
                    UPDATE audit.statements SET usage_id = NULL WHERE outcome = 'denied' ; 4
                    UPDATE audit.statements SET usage_id = usage_id + 1 WHERE outcome = 'running' ; 6
                    UPDATE internal.usage_sums SET statements = 2 WHERE outcome = 'denied' ; 7
                    UPDATE internal.usage_sums SET row_count = 3 WHERE outcome = 'succeeded' ; 7
                    UPDATE internal.usage_sums SET first_at = first_at - INTERVAL '1' SECOND WHERE outcome = 'succeeded' ; 7
                    UPDATE internal.usage_sums SET last_at = last_at + INTERVAL '1' SECOND WHERE outcome = 'succeeded' ; 7
                    UPDATE internal.usage_sums SET delivered = FALSE WHERE outcome = 'denied' ; 7
                    DELETE FROM internal.usage_sums WHERE outcome = 'succeeded' ; 7
                    INSERT INTO internal.usage_sums SELECT usage_id, 'failed', delivered, statements, row_count, first_at, last_at FROM internal.usage_sums WHERE outcome = 'succeeded' ; 7
                    UPDATE internal.flows SET masked = FALSE WHERE masked ; 7
                    UPDATE internal.flows SET statements = 3 WHERE masked ; 7
                    DELETE FROM internal.flows WHERE masked ; 7
                    UPDATE internal.flows SET flow_id = 'x' WHERE masked ; 7
                    """)
    void whatWasChangedByHandIsFound(String change, long brokenId) throws Exception {
        Store store = FILLED.computeIfAbsent(kind, AuditVerifierTest::filled);
        assertThat(problemsAfter(store, change))
                .first()
                .asString()
                .startsWith("server `nicol` broken at event " + brokenId + ":");
        assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(6));
    }

    /** Changes are taken back. */
    private static List<String> problemsAfter(Store store, String change) throws Exception {
        try (Connection connection = store.connection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            try {
                statement.executeUpdate(change);
                return AuditVerifier.walkAll(connection, store.server(), Map.of())
                        .problems();
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
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

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
                    audit.source_queries ; INSERT INTO audit.source_queries VALUES ('0190-fourth', 's', 'e', 'q', 0, 0)
                    internal.shape_edges ; INSERT INTO internal.shape_edges VALUES ('x', 'ran', 't', 'c', 1, 'c', 's', 't', 'c', 'IDENTITY', TRUE, FALSE)
                    internal.shape_columns ; INSERT INTO internal.shape_columns VALUES ('x', 'c', 's', 't', 'c', '', 'read', NULL, NULL)
                    internal.usage_sums ; INSERT INTO internal.usage_sums SELECT 99, outcome, delivered, statements, row_count, first_at, last_at FROM internal.usage_sums WHERE outcome = 'denied'
                    """)
    void rowsThatBelongToNoChainAreFound(String table, String added) throws Exception {
        Store store = FILLED.computeIfAbsent(kind, AuditVerifierTest::filled);
        assertThat(problemsAfter(store, added))
                .containsExactly("broken: " + table + " has rows that no event tells of");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE internal.usages SET server = 'other' WHERE verdict = 'allowed'",
                "UPDATE internal.shapes SET server = 'other'"
            })
    void rowsOfAnotherServerAreFound(String change) throws Exception {
        Store store = FILLED.computeIfAbsent(kind, AuditVerifierTest::filled);
        assertThat(problemsAfter(store, change))
                .contains("server `other` broken at event 1: the chain's head is missing")
                .hasSize(2);
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
                    "DELETE FROM audit.statements WHERE outcome = 'running'");
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
