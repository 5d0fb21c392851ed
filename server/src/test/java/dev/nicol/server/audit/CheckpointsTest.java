package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.NicolException;
import dev.nicol.server.testing.TestStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Signed checkpoints: whoever can write the store cannot make what was signed elsewhere. */
@ParameterizedClass
@EnumSource(TestStore.class)
class CheckpointsTest {
    @Parameter
    TestStore kind;

    /** Far longer than a test: checkpoints are written when they are asked for and at the end. */
    private static final long INTERVAL_MS = 3_600_000;

    @TempDir
    Path directory;

    /** Of the server `nicol`; the directory above has one for each. */
    private Path signed() {
        return directory.resolve("signed/nicol");
    }

    private Path key() {
        return directory.resolve("nicol.checkpoint-key");
    }

    private Checkpoints open(StoreAuditTrail trail) {
        return Checkpoints.open(signed(), key(), INTERVAL_MS, trail, Clock.systemUTC(), problem -> {});
    }

    /** Events 1 and 2, a checkpoint, 3, a checkpoint, 4. */
    private StoreSettings signedStore(String name) throws IOException {
        StoreSettings settings = kind.settings(Files.createDirectory(directory.resolve(name)));
        try (Store store = Store.open(settings);
                StoreAuditTrail trail = StoreAuditTrail.open(store);
                Checkpoints checkpoints = open(trail)) {
            trail.event("login", name, "first");
            trail.event("login", name, "second");
            checkpoints.write();
            trail.event("login", name, "third");
            checkpoints.write();
            checkpoints.write();
            trail.event("login", name, "fourth");
        }
        return settings;
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(signed())) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** openssl genpkey -algorithm ed25519; openssl pkeyutl -sign -rawin over the first five lines. */
    @Test
    void aCheckpointIsThisText() throws Exception {
        Checkpoint checkpoint = new Checkpoint(42, "ab".repeat(32), 7, Instant.parse("2026-11-29T06:30:00Z"));
        String text = "nicol.audit.checkpoint 1\nevent_id 42\nhash " + "ab".repeat(32)
                + "\nprevious_id 7\nat 2026-11-29T06:30:00Z\nsignature iNdczs7zqsC69s51OCZiqTWFlv+1XgkkOBGX0lg2TewptNQUY5IJFdTx"
                + "u2h4Gs2y7/4EkbRgNZocAatAr42CAg==\n";
        KeyFactory keys = KeyFactory.getInstance("Ed25519");
        assertThat(checkpoint.signed(keys.generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder()
                        .decode("MC4CAQAwBQYDK2VwBCIEIIOgJxHExPAxz15w/53lBztcBEW4/srqi53STkre71H/")))))
                .isEqualTo(text);
        var published = keys.generatePublic(new X509EncodedKeySpec(
                Base64.getDecoder().decode("MCowBQYDK2VwAyEACdrzo1LefHLxybRKNw1VZtuUeGsdxkerJx0kX8D7BhU=")));
        assertThat(Checkpoint.parse(text, published)).isEqualTo(checkpoint);
        assertThatThrownBy(() -> Checkpoint.parse(text.replace("event_id 42", "event_id 43"), published))
                .isInstanceOf(GeneralSecurityException.class);
    }

    @Test
    void aChainIsSignedWhereItHasMovedAndAtTheEnd() throws Exception {
        StoreSettings store = signedStore("store");
        assertThat(files())
                .containsExactly(
                        "0000000000000000002.checkpoint",
                        "0000000000000000003.checkpoint",
                        "0000000000000000004.checkpoint",
                        "public-key.pem");
        assertThat(AuditVerifier.verify(store, signed().getParent())).isEqualTo(TrailFixture.whole(4));
    }

    @Test
    void aNewChainOfTheSameLengthIsFound() throws Exception {
        signedStore("store");
        StoreSettings forged = kind.settings(Files.createDirectory(directory.resolve("forged")));
        try (Store store = Store.open(forged);
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            for (int i = 0; i < 5; i++) {
                trail.event("login", "mallory", "nothing happened");
            }
        }
        assertThat(AuditVerifier.verify(forged).whole()).isTrue();
        AuditVerifier.Report report = AuditVerifier.verify(forged, signed().getParent());
        assertThat(report.chains().get(0).brokenId()).isEqualTo(2);
        assertThat(report.chains().get(0).problem()).contains("not the event that was signed", "after its beginning");
    }

    @Test
    void aStorePutBackIsFound() throws Exception {
        StoreSettings store = kind.settings(directory);
        try (Store opened = Store.open(store);
                StoreAuditTrail trail = StoreAuditTrail.open(opened);
                Checkpoints checkpoints = open(trail)) {
            trail.event("login", "alice", "first");
            String before = StoreAuditTrailTest.rows(opened, "SELECT last_hash FROM internal.chain_heads")
                    .get(0)
                    .get(0);
            trail.event("login", "alice", "second");
            checkpoints.write();
            StoreAuditTrailTest.sql(
                    opened,
                    "DELETE FROM audit.events WHERE event_id = 2",
                    "DELETE FROM internal.event_bytes WHERE event_id = 2",
                    "UPDATE internal.chain_heads SET last_id = 1, last_hash = '" + before + "'");
        }
        assertThat(AuditVerifier.verify(store).whole()).isTrue();
        assertThat(AuditVerifier.verify(store, signed().getParent()))
                .isEqualTo(TrailFixture.of(1, 2L, "it is missing; the chain was signed up to event 2"));
    }

    @Test
    void checkpointsThatWereChangedRemovedOrRenamedAreNamed() throws Exception {
        StoreSettings store = signedStore("store");
        Path second = signed().resolve("0000000000000000002.checkpoint");
        Path third = signed().resolve("0000000000000000003.checkpoint");
        String text = Files.readString(third);

        Files.writeString(third, text.replace("at 20", "at 21"));
        assertThatThrownBy(() -> AuditVerifier.verify(store, signed().getParent()))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("0000000000000000003.checkpoint", "signature");
        Files.delete(third);
        assertThatThrownBy(() -> AuditVerifier.verify(store, signed().getParent()))
                .hasMessageContaining("the checkpoint of event 3 is missing");
        Files.writeString(third, Files.readString(second));
        assertThatThrownBy(() -> AuditVerifier.verify(store, signed().getParent()))
                .hasMessageContaining("was renamed");
    }

    @Test
    void aLostKeyStopsTheStart() throws Exception {
        StoreSettings store = signedStore("store");
        Files.delete(key());
        try (Store opened = Store.open(store);
                StoreAuditTrail trail = StoreAuditTrail.open(opened)) {
            assertThatThrownBy(() -> open(trail))
                    .isInstanceOf(NicolException.class)
                    .hasMessageContainingAll("the key that signed what is there is lost", "empty directory");
        }
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsToldOnce() throws Exception {
        List<String> told = new java.util.ArrayList<>();
        try (Store store = Store.open(kind.settings(directory));
                StoreAuditTrail trail = StoreAuditTrail.open(store);
                Checkpoints checkpoints =
                        Checkpoints.open(signed(), key(), INTERVAL_MS, trail, Clock.systemUTC(), told::add)) {
            trail.event("login", "alice", "");
            // a directory in the file's place: root may write anywhere else
            Files.createDirectories(signed().resolve("0000000000000000001.checkpoint/in-the-way"));
            checkpoints.write();
            checkpoints.write();
        }
        assertThat(told).hasSize(1);
        assertThat(told.get(0)).contains("no checkpoint of event 1");
    }
}
