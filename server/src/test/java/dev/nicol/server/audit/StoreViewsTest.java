package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.server.testing.TestStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Events that are as they were written, and something between them and whoever reads them. */
class StoreViewsTest {
    private static final Map<TestStore, Store> STORES = new EnumMap<>(TestStore.class);

    @TempDir
    static Path directory;

    private static Store store(TestStore kind) {
        return STORES.computeIfAbsent(kind, made -> {
            Store store = Store.open(made.settings(directory));
            AuditVerifierTest.fill(store);
            return store;
        });
    }

    @AfterAll
    static void close() {
        STORES.values().forEach(Store::close);
        STORES.clear();
    }

    /** Each row: where, what somebody does, what is said of it, and how it is taken back. */
    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            POSTGRESQL ; DROP VIEW lineage.consumers ; the view lineage.consumers is missing ;
            POSTGRESQL ; CREATE OR REPLACE VIEW lineage.statements AS SELECT s.statement_id, h.complete FROM internal.shapes h JOIN internal.usages u ON u.lineage_id = h.lineage_id JOIN audit.statements s ON s.usage_id = u.usage_id WHERE s.user_name <> 'mallory' ; the view lineage.statements is not as it was made ;
            POSTGRESQL ; CREATE OR REPLACE VIEW lineage.statements AS SELECT s.statement_id, h.complete OR s.user_name = 'mallory' AS complete FROM internal.shapes h JOIN internal.usages u ON u.lineage_id = h.lineage_id JOIN audit.statements s ON s.usage_id = u.usage_id ; the view lineage.statements is not as it was made ;
            EMBEDDED   ; CREATE VIEW audit.more AS SELECT 1 AS a ; the view audit.more is not of Nicol ; DROP VIEW audit.more
            POSTGRESQL ; CREATE VIEW audit.more AS SELECT 1 AS a ; the view audit.more is not of Nicol ; DROP VIEW audit.more
            POSTGRESQL ; ALTER TABLE audit.statements ENABLE ROW LEVEL SECURITY ; audit.statements has row security, which is not of Nicol ; ALTER TABLE audit.statements DISABLE ROW LEVEL SECURITY
            POSTGRESQL ; CREATE TRIGGER quiet BEFORE UPDATE ON audit.events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger() ; audit.events has the trigger quiet, which is not of Nicol ; DROP TRIGGER quiet ON audit.events
            POSTGRESQL ; CREATE RULE quiet AS ON INSERT TO audit.events DO INSTEAD NOTHING ; audit.events has the rule quiet, which is not of Nicol ; DROP RULE quiet ON audit.events
            POSTGRESQL ; CREATE MATERIALIZED VIEW audit.kept AS SELECT 1 AS a ; audit.kept has its rows elsewhere, which is not of Nicol ; DROP MATERIALIZED VIEW audit.kept
            EMBEDDED   ; CREATE SYNONYM audit.other FOR audit.events ; audit.other has its rows elsewhere, which is not of Nicol ; DROP SYNONYM audit.other
            EMBEDDED   ; CREATE FORCE TRIGGER audit.quiet BEFORE UPDATE ON audit.events FOR EACH ROW CALL 'none' ; audit.events has the trigger quiet, which is not of Nicol ; DROP TRIGGER audit.quiet
            """)
    void whatHidesRowsIsFound(TestStore kind, String change, String problem, String back) throws Exception {
        Store store = store(kind);
        assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(6));
        StoreAuditTrailTest.sql(store, change);
        assertThat(AuditVerifier.verify(store).problems()).isEqualTo(List.of("broken: " + problem));
        assertThat(ChainAtStart.problem(store, null, 1)).isEqualTo(problem);
        if (back != null) {
            StoreAuditTrailTest.sql(store, back);
        }
        store.acceptBroken();
        assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(6));
    }

    /** An embedded store answers nobody but the server that opens it. */
    @Test
    void anEmbeddedStoreMakesItsViewsAnew() throws Exception {
        Path path = Files.createDirectory(directory.resolve("anew"));
        try (Store store = Store.open(TrailFixture.embedded(path))) {
            AuditVerifierTest.fill(store);
            StoreAuditTrailTest.sql(
                    store,
                    "DROP VIEW lineage.consumers",
                    "CREATE OR REPLACE VIEW lineage.statements AS SELECT 'x' AS statement_id, TRUE AS complete");
        }
        try (Store store = Store.open(TrailFixture.embedded(path))) {
            assertThat(StoreAuditTrailTest.rows(store, "SELECT statement_id FROM lineage.statements ORDER BY 1"))
                    .containsExactly(List.of("0190-first"), List.of("0190-second"), List.of("0190-third"));
            assertThat(StoreAuditTrailTest.rows(store, "SELECT COUNT(*) FROM lineage.consumers"))
                    .containsExactly(List.of("1"));
            assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(6));
        }
    }

    /** The verifier reads as the owner, auditors do not: a table that shows the owner everything is none. */
    @ParameterizedTest
    @EnumSource(TestStore.class)
    void aTableThatHasBecomeAView(TestStore kind) throws Exception {
        Store store = store(kind);
        StoreAuditTrailTest.sql(
                store,
                "ALTER TABLE audit.source_queries RENAME TO hidden",
                "CREATE VIEW audit.source_queries AS SELECT * FROM audit.hidden WHERE CURRENT_USER = '"
                        + (kind == TestStore.EMBEDDED
                                ? "nicol"
                                : kind.settings(directory).user()) + "'");
        assertThat(AuditVerifier.verify(store).problems())
                .containsExactly("broken: the view audit.source_queries is not of Nicol");
        StoreAuditTrailTest.sql(
                store, "DROP VIEW audit.source_queries", "ALTER TABLE audit.hidden RENAME TO source_queries");
        assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(6));
    }

    /** To PostgreSQL's planner such a function is a constant, and to the owner another than to who reads. */
    @ParameterizedTest
    @EnumSource(names = "POSTGRESQL", value = TestStore.class)
    void aFunctionThatIsTrueForItsOwnerOnly(TestStore kind) throws Exception {
        Store store = store(kind);
        StoreAuditTrailTest.sql(
                store,
                "CREATE FUNCTION audit.shown() RETURNS BOOLEAN IMMUTABLE LANGUAGE SQL AS 'SELECT CURRENT_USER = ''"
                        + kind.settings(directory).user() + "'''",
                "CREATE OR REPLACE VIEW lineage.statements AS SELECT s.statement_id, h.complete FROM internal.shapes h JOIN"
                        + " internal.usages u ON u.lineage_id = h.lineage_id JOIN audit.statements s ON s.usage_id ="
                        + " u.usage_id WHERE audit.shown()");
        assertThat(AuditVerifier.verify(store).problems())
                .containsExactly("broken: lineage.statements has a function or operator, which is not of Nicol");
        store.acceptBroken();
        StoreAuditTrailTest.sql(store, "DROP FUNCTION audit.shown()");
        assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(6));
    }
}
