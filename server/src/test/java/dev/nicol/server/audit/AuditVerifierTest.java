package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AuditVerifierTest {
    private static final String FIRST = "0190-first";
    private static final String SECOND = "0190-second";

    @TempDir
    Path directory;

    /** Events: 1 login, 2 intent and 3 outcome of the first, 4 refusal of the second, 5 logout, 6 intent of a third. */
    private void fill(Store store) {
        try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.event("login", "alice", "from 127.0.0.1");
            trail.begin(TrailFixture.select(FIRST));
            trail.complete(FIRST, TrailFixture.succeeded(2));
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
                    UPDATE audit.events SET occurred_at = DATEADD(MICROSECOND, 1, occurred_at) WHERE event_id = 5 ; 5
                    UPDATE audit.events SET statement_id = NULL WHERE event_id = 3 ; 3
                    UPDATE audit.events SET hash = previous_hash WHERE event_id = 2 ; 2
                    UPDATE audit.events SET previous_hash = hash WHERE event_id = 2 ; 2
                    UPDATE internal.event_bytes SET payload = payload || X'20' WHERE event_id = 2 ; 2
                    UPDATE internal.event_bytes SET format_version = 2 WHERE event_id = 5 ; 5
                    DELETE FROM internal.event_bytes WHERE event_id = 3 ; 3
                    INSERT INTO internal.event_bytes VALUES (99, 1, X'00') ; 7
                    DELETE FROM audit.events WHERE event_id = 1 ; 1
                    DELETE FROM audit.events WHERE event_id = 4 ; 4
                    DELETE FROM audit.events WHERE event_id = 6 ; 6
                    DELETE FROM audit.events ; 1
                    DELETE FROM internal.chain_heads ; 7
                    UPDATE internal.chain_heads SET last_id = 5 ; 6
                    UPDATE internal.chain_heads SET last_hash = 'x' ; 6
                    UPDATE audit.statements SET user_name = 'bob' WHERE outcome = 'succeeded' ; 2
                    UPDATE audit.statements SET sql_text = 'SELECT 1' WHERE outcome = 'denied' ; 4
                    UPDATE audit.statements SET row_count = 1 WHERE outcome = 'succeeded' ; 3
                    UPDATE audit.statements SET outcome = 'succeeded' WHERE outcome = 'denied' ; 4
                    UPDATE audit.statements SET outcome = 'succeeded' WHERE outcome = 'running' ; 6
                    DELETE FROM audit.statements WHERE outcome = 'running' ; 6
                    DELETE FROM audit.source_queries ; 3
                    UPDATE audit.source_queries SET sql_sent = 'SELECT 1' ; 3
                    UPDATE audit.column_access SET mask = NULL ; 2
                    INSERT INTO audit.column_access SELECT * FROM audit.column_access WHERE tags <> '' ; 2
                    INSERT INTO audit.source_queries VALUES ('0190-fourth', 's', 'e', 'q', 0, 0) ; 7
                    UPDATE lineage.edges SET masked = FALSE WHERE masked ; 2
                    DELETE FROM lineage.statements ; 2
                    UPDATE internal.flows SET masked = FALSE WHERE masked ; 7
                    UPDATE internal.flows SET statements = 3 WHERE masked ; 7
                    DELETE FROM internal.flows WHERE masked ; 7
                    UPDATE internal.flows SET flow_id = 'x' WHERE masked ; 7
                    """)
    void whatWasChangedByHandIsFound(String change, long brokenId) throws Exception {
        try (Store store = Store.open(TrailFixture.url(directory))) {
            fill(store);
            assertThat(AuditVerifier.verify(store)).isEqualTo(new AuditVerifier.Report(6, null, null));
            StoreAuditTrailTest.sql(store, change);
            AuditVerifier.Report report = AuditVerifier.verify(store);
            assertThat(report.whole()).isFalse();
            assertThat(report.brokenId()).as(report.problem()).isEqualTo(brokenId);
        }
    }

    @Test
    void eventsThatChangedPlacesAreFound() throws Exception {
        try (Store store = Store.open(TrailFixture.url(directory))) {
            fill(store);
            StoreAuditTrailTest.sql(
                    store,
                    "UPDATE audit.events SET event_id = 100 WHERE event_id = 1",
                    "UPDATE audit.events SET event_id = 1 WHERE event_id = 5",
                    "UPDATE audit.events SET event_id = 5 WHERE event_id = 100",
                    "UPDATE internal.event_bytes SET event_id = 100 WHERE event_id = 1",
                    "UPDATE internal.event_bytes SET event_id = 1 WHERE event_id = 5",
                    "UPDATE internal.event_bytes SET event_id = 5 WHERE event_id = 100");
            assertThat(AuditVerifier.verify(store).brokenId()).isEqualTo(1);
        }
    }

    @Test
    void aChainCutAtItsEndIsFoundByItsHead() throws Exception {
        try (Store store = Store.open(TrailFixture.url(directory))) {
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
                    .isEqualTo(new AuditVerifier.Report(5, 6L, "it is missing; the chain's head is at 6"));
        }
    }

    @Test
    void aBreakStaysVisibleWhenTheTrailGoesOn() throws Exception {
        try (Store store = Store.open(TrailFixture.url(directory))) {
            fill(store);
            StoreAuditTrailTest.sql(store, "DELETE FROM audit.events WHERE event_id = 6");
            try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
                trail.event("login", "bob", "");
            }
            assertThat(AuditVerifier.verify(store).brokenId()).isEqualTo(6);
        }
    }

    @Test
    void aCopyIsVerifiedWithoutBeingChanged() throws Exception {
        Path copies = Files.createDirectory(directory.resolve("copies"));
        Path copy = copies.resolve("nicol.mv.db");
        try (Store store = Store.open(TrailFixture.url(directory))) {
            fill(store);
            Files.copy(directory.resolve("nicol.mv.db"), copy);
        }
        byte[] before = Files.readAllBytes(copy);
        assertThat(AuditVerifier.verify(TrailFixture.url(copies))).isEqualTo(new AuditVerifier.Report(6, null, null));
        assertThat(Files.readAllBytes(copy)).isEqualTo(before);
    }

    /** The end of the file never reached the disk: what was written before is there, the chain is whole. */
    @Test
    void aTornLastWriteLosesNothingElse() throws Exception {
        Path torn = Files.createDirectory(directory.resolve("torn"));
        try (Store store = Store.open(TrailFixture.url(directory))) {
            fill(store);
            byte[] file = Files.readAllBytes(directory.resolve("nicol.mv.db"));
            Files.write(torn.resolve("nicol.mv.db"), java.util.Arrays.copyOf(file, file.length - 1_000));
        }
        try (Store store = Store.open(TrailFixture.url(torn));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
            trail.event("login", "bob", "");
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
            assertThat(StoreAuditTrailTest.rows(store, "SELECT detail FROM audit.events WHERE event_id = 1"))
                    .containsExactly(List.of("from 127.0.0.1"));
        }
    }
}
