package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    /** The end of the file never reached the disk: what was written before is there, the chain is whole. */
    @Test
    void aTornLastWriteLosesNothingElse() throws Exception {
        Path torn = Files.createDirectory(directory.resolve("torn"));
        try (Store store = Store.open(TrailFixture.embedded(directory))) {
            AuditVerifierTest.fill(store);
            byte[] file = Files.readAllBytes(directory.resolve("nicol.mv.db"));
            Files.write(torn.resolve("nicol.mv.db"), java.util.Arrays.copyOf(file, file.length - 1_000));
        }
        try (Store store = Store.open(TrailFixture.embedded(torn));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
            trail.event("login", "bob", "");
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
            assertThat(StoreAuditTrailTest.rows(store, "SELECT detail FROM audit.events WHERE event_id = 1"))
                    .containsExactly(List.of("from 127.0.0.1"));
        }
    }
}
