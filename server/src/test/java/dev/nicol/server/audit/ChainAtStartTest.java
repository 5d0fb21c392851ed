package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.Server;
import dev.nicol.server.config.ConfigReader;
import dev.nicol.server.config.NicolConfig;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A server does not go on with a chain that does not verify, unless it is told to. */
@ParameterizedClass
@EnumSource(TestStore.class)
class ChainAtStartTest {
    private static final int ALL = ChainAtStart.VERIFIED_EVENTS;

    @Parameter
    TestStore kind;

    @TempDir
    Path directory;

    private Store filled() {
        Store store = Store.open(kind.settings(directory));
        AuditVerifierTest.fill(store);
        return store;
    }

    @Test
    void whatWasChangedAtTheEndOfTheChainIsFound() throws Exception {
        try (Store store = filled()) {
            assertThat(ChainAtStart.problem(store, null, ALL)).isNull();
            // all but the first: the outcome in event 3 is of a statement that began in event 2
            for (int events = 1; events < 6; events++) {
                assertThat(ChainAtStart.problem(store, null, events)).isNull();
            }
            for (String[] change : new String[][] {
                {"UPDATE audit.events SET user_name = 'bob' WHERE event_id = 5", "event 5: its row"},
                {"DELETE FROM audit.events WHERE event_id = 5", "event 5: it is missing"},
                {"DELETE FROM audit.events WHERE event_id = 6", "event 6: it is missing; the chain's head is at 6"},
                {"DELETE FROM internal.event_bytes WHERE event_id = 4", "event 4: its bytes are missing"},
                {"UPDATE audit.statements SET row_count = 1 WHERE outcome = 'succeeded'", "event 3: the outcome"},
                {"UPDATE audit.statements SET outcome = 'failed' WHERE outcome = 'running'", "event 6: the outcome"},
                {"UPDATE internal.chain_heads SET last_hash = 'x'", "event 6: the chain's head has another hash"},
                {"DELETE FROM internal.chain_heads", "event 7: the chain's head is missing"}
            }) {
                for (int events : new int[] {4, ALL}) {
                    assertThat(problemAfter(store, change[0], events))
                            .as(change[0])
                            .startsWith(change[1]);
                }
            }
            // in the way of the last event's following the one before
            assertThat(problemAfter(store, "UPDATE audit.events SET previous_hash = hash WHERE event_id = 5", 2))
                    .startsWith("event 5: its hash does not fit");
        }
    }

    /** Changes are taken back. */
    private static String problemAfter(Store store, String change, int events) throws Exception {
        try (Connection connection = store.connection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            try {
                assertThat(statement.executeUpdate(change)).isEqualTo(1);
                AuditVerifier.Chain chain = PartialWalk.ofTheEnd(connection, store.server(), List.of(), events);
                return "event " + chain.brokenId() + ": " + chain.problem();
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    @Test
    void whatLiesFurtherBackIsForTheWholeWalk() throws Exception {
        try (Store store = filled()) {
            StoreAuditTrailTest.sql(store, "UPDATE audit.events SET user_name = 'bob' WHERE event_id = 1");
            assertThat(ChainAtStart.problem(store, null, 5)).isNull();
            assertThat(ChainAtStart.problem(store, null, 6)).startsWith("event 1: its row in audit.events");
            assertThat(AuditVerifier.verify(store).chains().get(0).brokenId()).isEqualTo(1);
        }
    }

    @Test
    void anEmptyStoreIsWhole() {
        try (Store store = Store.open(kind.settings(directory))) {
            assertThat(ChainAtStart.problem(store, directory.resolve("none"), ALL))
                    .isNull();
        }
    }

    @Test
    void theLastCheckpointMustBeMet() throws Exception {
        Path signed = directory.resolve("signed");
        try (Store store = filled()) {
            try (StoreAuditTrail trail = StoreAuditTrail.open(store);
                    Checkpoints checkpoints = Checkpoints.open(
                            signed, directory.resolve("key"), 3_600_000, trail, Clock.systemUTC(), problem -> {})) {
                trail.event("login", "alice", "signed as event 8");
                checkpoints.write();
                trail.event("login", "alice", "");
                checkpoints.write();
            }
            assertThat(ChainAtStart.problem(store, signed, 1)).isNull();
            assertThat(ChainAtStart.problem(store, signed, ALL)).isNull();
            StoreAuditTrailTest.sql(
                    store,
                    "DELETE FROM audit.events WHERE event_id = 9",
                    "DELETE FROM internal.event_bytes WHERE event_id = 9",
                    "UPDATE internal.chain_heads SET last_id = 8,"
                            + " last_hash = (SELECT hash FROM audit.events WHERE event_id = 8)");
            assertThat(ChainAtStart.problem(store, null, ALL)).isNull();
            assertThat(ChainAtStart.problem(store, signed, ALL))
                    .isEqualTo("event 9: it is missing; the chain was signed up to event 9");
            // the chain goes on differently
            try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
                trail.event("login", "mallory", "");
                trail.event("login", "mallory", "");
            }
            assertThat(ChainAtStart.problem(store, signed, 1))
                    .isEqualTo("event 9: it is not the event that was signed");
            assertThat(ChainAtStart.problem(store, signed, ALL))
                    .startsWith("event 9: it is not the event that was signed");
            Files.writeString(signed.resolve("0000000000000000099.checkpoint"), "nonsense");
            assertThat(ChainAtStart.problem(store, signed, ALL)).contains("is not to be trusted");
        }
    }

    @Test
    void aServerRefusesToStartUnlessToldAndThatIsRecorded() throws Exception {
        SourceDefinition source = TestDatabases.h2("crm");
        TestDatabases.execute(source.url(), "sa", "", "CREATE TABLE t (a INTEGER)");
        TestNicol nicol = TestNicol.start(
                List.of(source),
                "users: {ada: {password: '$HASH', roles: [auditor]}}",
                "grants: [{name: g, tables: ['crm.**'], actions: [select], to: {users: [ada]}}]",
                storeSection() + "\naudit: {retention: 400d}");
        nicol.close();
        NicolConfig config = ConfigReader.read(nicol.directory().resolve("nicol.yaml"));
        try (Store store = Store.open(config.storeSettings())) {
            StoreAuditTrailTest.sql(store, "UPDATE audit.events SET detail = 'port 1' WHERE kind = 'server_start'");
        }
        assertThatThrownBy(() -> Server.start(config)).isInstanceOfSatisfying(NicolException.class, refused -> {
            assertThat(refused.error()).isEqualTo(NicolError.TRAIL_UNAVAILABLE);
            assertThat(refused).hasMessageContainingAll("nothing was started", "--accept-broken-chain");
        });
        Server.start(config, true).close();
        // what was accepted is not asked about again
        try (TestNicol again = TestNicol.startAgain(nicol.directory())) {
            assertThat(again.rows(
                            "ada",
                            "SELECT user_name, detail FROM nicol.audit.events WHERE kind = 'broken_chain_accepted'"))
                    .singleElement()
                    .asString()
                    .matches("nicol\\|event \\d+: its row in audit\\.events does not say what its bytes say");
        }
        // and stays visible
        try (Store store = Store.open(config.storeSettings())) {
            assertThat(AuditVerifier.verify(store).problems())
                    .singleElement()
                    .asString()
                    .contains("its row in audit.events does not say what its bytes say");
        }
    }

    /** Of a store that others reach it is said first. The server makes the view anew, and whoever may read it may still. */
    @Test
    void aViewThatHidesSomebodyIsNotGoneOnWith() throws Exception {
        SourceDefinition source = TestDatabases.h2("crm");
        TestDatabases.execute(source.url(), "sa", "", "CREATE TABLE t (a INTEGER)");
        TestNicol nicol = TestNicol.start(
                List.of(source),
                "users: {ada: {password: '$HASH', roles: [auditor]}}",
                "grants: [{name: g, tables: ['crm.**'], actions: [select], to: {users: [ada]}}]",
                storeSection());
        String asked = "SELECT COUNT(*) FROM nicol.lineage.statements l JOIN nicol.audit.statements s"
                + " ON s.statement_id = l.statement_id WHERE s.sql_text = 'SELECT a FROM crm.public.t'";
        nicol.rows("ada", "SELECT a FROM crm.public.t");
        assertThat(nicol.rows("ada", asked)).containsExactly("1");
        nicol.close();
        NicolConfig config = ConfigReader.read(nicol.directory().resolve("nicol.yaml"));
        try (Store store = Store.open(config.storeSettings())) {
            StoreAuditTrailTest.sql(
                    store,
                    "CREATE OR REPLACE VIEW lineage.statements AS SELECT statement_id, TRUE AS complete"
                            + " FROM audit.statements WHERE user_name <> 'ada'");
        }
        boolean shared = kind == TestStore.POSTGRESQL;
        if (shared) {
            assertThatThrownBy(() -> Server.start(config))
                    .isInstanceOf(NicolException.class)
                    .hasMessageContainingAll(
                            "nothing was started: the view lineage.statements is not as it was made",
                            "--accept-broken-chain");
            Server.start(config, true).close();
        }
        try (TestNicol again = TestNicol.startAgain(nicol.directory())) {
            assertThat(again.rows("ada", asked)).containsExactly("1");
            assertThat(again.rows("ada", "SELECT detail FROM nicol.audit.events WHERE kind = 'broken_chain_accepted'"))
                    .isEqualTo(shared ? List.of("the view lineage.statements is not as it was made") : List.of());
        }
    }

    private String storeSection() {
        StoreSettings store = kind.settings(directory);
        return kind == TestStore.EMBEDDED
                ? ""
                : "store: {url: '" + store.url() + "', user: " + store.user() + ", password: '" + store.password()
                        + "', keys: '" + store.keys() + "'}";
    }
}
