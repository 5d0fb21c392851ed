package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens to the file of an embedded store. */
class StoreFileTest {
    @TempDir
    Path directory;

    @Test
    void aCopyIsVerifiedWithoutBeingChanged() throws Exception {
        Path copies = Files.createDirectory(directory.resolve("copies"));
        Path copy = copies.resolve("nicol.mv.db");
        try (Store store = Store.open(TrailFixture.embedded(directory))) {
            AuditVerifierTest.fill(store);
            Files.copy(directory.resolve("nicol.mv.db"), copy);
        }
        byte[] before = Files.readAllBytes(copy);
        assertThat(AuditVerifier.verify(TrailFixture.embedded(copies))).isEqualTo(TrailFixture.whole(6));
        assertThat(Files.readAllBytes(copy)).isEqualTo(before);
    }

    /** It is opened again without what its file did not have: the journal still has that, whatever comes next. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStoreThatWentBackGetsWhatItLost(boolean anActComesNext) throws Exception {
        try (Store store = Store.open(TrailFixture.embedded(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            for (int i = 1; i <= 20; i++) {
                trail.event("login", "alice", "" + i);
            }
            assertThat(StoreAuditTrailTest.rows(store, "SELECT COUNT(*) FROM audit.events"))
                    .containsExactly(List.of("20"));
            assertThatThrownBy(() -> StoreAuditTrailTest.sql(store, "SHUTDOWN IMMEDIATELY"))
                    .isInstanceOf(SQLException.class);
            if (anActComesNext) {
                await().atMost(Duration.ofSeconds(20))
                        .ignoreExceptions()
                        .until(() -> trail.record(act -> {
                            act.event("approve", "bob", "");
                            return true;
                        }));
            } else {
                assertThat(trail.forced()).isNull();
                await().atMost(Duration.ofSeconds(20)).until(() -> trail.forced() != null);
            }
            assertThat(StoreAuditTrailTest.rows(store, "SELECT COUNT(*) FROM audit.events WHERE kind = 'login'"))
                    .containsExactly(List.of("20"));
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
        }
        assertThat(AuditVerifier.verify(TrailFixture.embedded(directory)).whole())
                .isTrue();
    }

    /** Written when a store had one chain: it becomes this server's, verifies, and goes on in the new format. */
    @Test
    void aStoreOfTheFirstFormatGoesOn() throws Exception {
        String url = "jdbc:h2:async:" + directory.resolve("nicol")
                + ";DATABASE_TO_LOWER=TRUE;CASE_INSENSITIVE_IDENTIFIERS=TRUE";
        Flyway.configure()
                .dataSource(url, "nicol", "")
                .locations("classpath:dev/nicol/server/audit/migration")
                .defaultSchema("internal")
                .createSchemas(true)
                .placeholders(Map.of("bytes", "VARBINARY", "server", "unused"))
                .target("3")
                .repeatableSqlMigrationPrefix("the views are of today's tables")
                .load()
                .migrate();
        TrailEvent event = TrailEvent.act("login", "bob", "of old", Instant.parse("2026-11-23T12:00:00Z"));
        String hash = EventHash.of(1, "unused", 1, event.payload(), EventHash.GENESIS);
        try (Connection connection = DriverManager.getConnection(url, "nicol", "");
                Statement statement = connection.createStatement();
                PreparedStatement bytes =
                        connection.prepareStatement("INSERT INTO internal.event_bytes VALUES (1, 1, ?)")) {
            statement.execute("INSERT INTO audit.events VALUES (1, TIMESTAMP WITH TIME ZONE '2026-11-23 12:00:00+00',"
                    + " 'login', 'bob', 'of old', '" + EventHash.GENESIS + "', '" + hash + "', NULL)");
            bytes.setBytes(1, event.payload());
            bytes.execute();
            statement.execute("UPDATE internal.chain_heads SET last_id = 1, last_hash = '" + hash + "'");
        }
        try (Store store = Store.open(TrailFixture.embedded(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.event("login", "bob", "of today");
            assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(2));
            assertThat(StoreAuditTrailTest.rows(
                            store, "SELECT server, format_version FROM internal.event_bytes ORDER BY event_id"))
                    .containsExactly(List.of("nicol", "1"), List.of("nicol", "2"));
        }
    }
}
