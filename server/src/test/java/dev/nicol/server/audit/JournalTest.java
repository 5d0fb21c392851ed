package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.NicolException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a server that was killed leaves beside an embedded store. Events 1 and 2 are in the tables, 3 to 6 in the journal; of
 * these 3 is an intent, 4 its outcome, 5 and 6 are logins.
 */
class JournalTest {
    private static final String STATEMENT = "0190-first";
    private static final int GROUP_BYTES = 8;
    private static final int HEADER_BYTES = 48;

    @TempDir
    Path directory;

    private Path killed;

    @BeforeEach
    void aServerIsKilled() throws Exception {
        killed = Files.createDirectory(directory.resolve("killed"));
        Path running = Files.createDirectory(directory.resolve("running"));
        try (Store store = Store.open(TrailFixture.embedded(running));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.event("login", "alice", "1");
            trail.event("login", "alice", "2");
            trail.forced();
            // nothing comes into the tables while somebody holds the chain's head
            try (Connection connection = store.connection();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement
                        .executeQuery("SELECT last_id FROM internal.chain_heads FOR UPDATE")
                        .close();
                trail.begin(TrailFixture.select(STATEMENT));
                trail.complete(STATEMENT, TrailFixture.succeeded(1));
                trail.event("login", "alice", "5");
                trail.event("login", "alice", "6");
                for (Path file : files(running)) {
                    if (!file.toString().endsWith(".lock")) {
                        Files.copy(file, killed.resolve(file.getFileName()));
                    }
                }
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
        assertThat(files(running))
                .map(path -> path.getFileName().toString())
                .doesNotContain(journal().getFileName().toString());
    }

    @Test
    void theNextStartBringsItIntoTheTables() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(journal())))
                .isEqualTo("rw-------");
        try (Store store = Store.open(TrailFixture.embedded(killed));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            assertThat(StoreAuditTrailTest.rows(store, "SELECT outcome, row_count FROM audit.statements"))
                    .containsExactly(List.of("succeeded", "1"));
            trail.event("login", "alice", "7");
            assertThat(StoreAuditTrailTest.rows(store, "SELECT detail FROM audit.events ORDER BY event_id"))
                    .containsExactly(
                            List.of("1"),
                            List.of("2"),
                            List.of("null"),
                            List.of("null"),
                            List.of("5"),
                            List.of("6"),
                            List.of("7"));
            assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(7));
        }
        assertThat(files(killed)).noneMatch(file -> file.toString().contains(".journal-"));
    }

    @Test
    void itIsVerifiedAndExportedAsItLies() throws Exception {
        List<byte[]> before = contents();
        assertThat(AuditVerifier.verify(TrailFixture.embedded(killed))).isEqualTo(TrailFixture.whole(6));
        StringWriter written = new StringWriter();
        TrailExport.Part part = new TrailExport.Part("nicol", 3, null, null);
        assertThat(TrailExport.write(
                        TrailFixture.embedded(killed), part, ExportFormat.JSONL, new PrintWriter(written, true)))
                .isEqualTo(3);
        assertThat(written.toString().lines()).hasSize(3).last().asString().contains("\"detail\":\"6\"");
        assertThat(contents()).usingElementComparator(Arrays::compare).isEqualTo(before);
    }

    /** The group that was being written when the process ended: nobody was told that it is recorded. */
    @Test
    void aTornEndLosesNothingElse() throws Exception {
        byte[] journal = groupsOfOne(frames());
        for (int cut : new int[] {1, 5, 60}) {
            Files.write(journal(), Arrays.copyOf(journal, journal.length - cut));
            assertThat(AuditVerifier.verify(TrailFixture.embedded(killed)))
                    .as("without %d bytes", cut)
                    .isEqualTo(TrailFixture.whole(5));
        }
        try (Store store = Store.open(TrailFixture.embedded(killed));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.event("login", "alice", "6 again");
            assertThat(AuditVerifier.verify(store)).isEqualTo(TrailFixture.whole(6));
        }
    }

    /** Whole, but for one bit. */
    @Test
    void aDamagedLastEventIsNotPassedOver() throws Exception {
        byte[] journal = groupsOfOne(frames());
        journal[journal.length - 20] ^= 1;
        Files.write(journal(), journal);
        refusedAndAcceptedAtEvent(6, "is damaged");
    }

    /** As the server leaves it: the file is longer than what was written. */
    @Test
    void zerosAtTheEndAreNoEvents() throws Exception {
        byte[] journal = groupsOfOne(frames());
        assertThat(Files.size(journal())).isGreaterThan(journal.length);
        Files.write(journal(), Arrays.copyOf(journal, journal.length + 3_000));
        assertThat(AuditVerifier.verify(TrailFixture.embedded(killed))).isEqualTo(TrailFixture.whole(6));
    }

    /** The tables take none of it: the way out is the one of every broken chain. */
    @Test
    void whatTheTablesDoNotTakeIsRefusedUntilItIsAccepted() throws Exception {
        try (Connection other = java.sql.DriverManager.getConnection(
                        "jdbc:h2:async:" + killed.resolve("nicol")
                                + ";DATABASE_TO_LOWER=TRUE;CASE_INSENSITIVE_IDENTIFIERS=TRUE",
                        "nicol",
                        "");
                Statement statement = other.createStatement()) {
            statement.execute("ALTER TABLE internal.usage_sums ADD CONSTRAINT none CHECK (outcome <> 'succeeded')");
        }
        try (Store store = Store.open(TrailFixture.embedded(killed))) {
            assertThat(store.unread()).startsWith("event 4 in").endsWith("cannot be brought into the tables");
            assertThatThrownBy(() -> StoreAuditTrail.open(store)).isInstanceOf(NicolException.class);
            String accepted = ChainAtStart.verify(store, null, true);
            try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
                ChainAtStart.record(trail, "nicol", String.valueOf(accepted));
            }
        }
    }

    @Test
    void aDamagedOneIsNotPassedOver() throws Exception {
        byte[] journal = Files.readAllBytes(journal());
        journal[GROUP_BYTES + HEADER_BYTES + 10] ^= 1;
        Files.write(journal(), journal);
        refusedAndAcceptedAtEvent(3, "is damaged");
    }

    /** Its checksum is right: somebody who knows the format did it. */
    @Test
    void aChangedOneIsNotPassedOver() throws Exception {
        List<byte[]> frames = frames();
        byte[] fifth = frames.get(2);
        fifth[HEADER_BYTES + 2] ^= 1;
        CRC32C checksum = new CRC32C();
        checksum.update(fifth, 0, fifth.length - 4);
        ByteBuffer.wrap(fifth).putInt(fifth.length - 4, (int) checksum.getValue());
        Files.write(journal(), groupsOfOne(frames));
        refusedAndAcceptedAtEvent(5, "does not follow the event before it");
    }

    @Test
    void oneWithAHoleIsNotPassedOver() throws Exception {
        List<byte[]> frames = frames();
        frames.remove(1);
        Files.write(journal(), groupsOfOne(frames));
        refusedAndAcceptedAtEvent(4, "does not follow the event before it");
    }

    /** Somebody has put zeros over what was acknowledged: events that were written later stand behind it. */
    @Test
    void aBlankedOneIsNotPassedOver() throws Exception {
        byte[] journal = groupsOfOne(frames());
        Arrays.fill(journal, 0, GROUP_BYTES + frames().get(0).length, (byte) 0);
        Files.write(journal(), journal);
        refusedAndAcceptedAtEvent(3, "is damaged");
    }

    /** The bytes, by hand: everything but the hash, which {@link EventFormatTest} has. */
    @Test
    void aGroupIsWrittenAsItIsDocumented() {
        TrailEvent event = TrailEvent.act("login", "bob", "x", Instant.parse("2026-11-23T12:00:00Z"));
        Link link = Link.after(new TrailTransaction.Head(6, EventHash.GENESIS), "nicol", event);
        String payload =
                "{\"kind\":\"login\",\"occurred_at\":\"2026-11-23T12:00:00Z\",\"user_name\":\"bob\",\"detail\":\"x\"}";
        ByteBuffer written = ByteBuffer.allocate(JournalGroup.size(List.of(link)));
        JournalGroup.write(List.of(link), written);
        byte[] group = written.array();
        assertThat(HexFormat.of().formatHex(group, 0, GROUP_BYTES)).isEqualTo("4e4a3032" + "00000088");
        byte[] frame = Arrays.copyOfRange(group, GROUP_BYTES, group.length);
        assertThat(HexFormat.of().formatHex(frame, 0, 16)).isEqualTo("4e4a3031" + "00000054" + "0000000000000007");
        assertThat(HexFormat.of().formatHex(frame, 16, 48)).isEqualTo(link.hash());
        assertThat(new String(frame, 48, 84, StandardCharsets.UTF_8)).isEqualTo(payload);
        assertThat(frame).hasSize(48 + 84 + 4);
    }

    private void refusedAndAcceptedAtEvent(long eventId, String problem) throws Exception {
        StoreSettings settings = TrailFixture.embedded(killed);
        assertThat(AuditVerifier.verify(settings).problems())
                .containsExactly("server `nicol` broken at event " + eventId + ": event " + eventId + " in "
                        + journal().getFileName() + " " + problem);
        for (int start = 0; start < 2; start++) {
            try (Store store = Store.open(settings)) {
                assertThatThrownBy(() -> ChainAtStart.verify(store, null, false))
                        .isInstanceOf(NicolException.class)
                        .hasMessageContaining("nothing was started: event " + eventId);
                assertThatThrownBy(() -> StoreAuditTrail.open(store)).isInstanceOf(NicolException.class);
            }
        }
        try (Store store = Store.open(settings)) {
            String accepted = ChainAtStart.verify(store, null, true);
            try (StoreAuditTrail trail = StoreAuditTrail.open(store)) {
                ChainAtStart.record(trail, "nicol", String.valueOf(accepted));
                assertThat(StoreAuditTrailTest.rows(
                                store, "SELECT detail FROM audit.events WHERE kind = 'broken_chain_accepted'"))
                        .singleElement()
                        .asString()
                        .contains(problem);
                assertThat(AuditVerifier.verify(store).whole()).isTrue();
            }
        }
        assertThat(files(killed))
                .filteredOn(file -> file.toString().contains(".journal-"))
                .singleElement()
                .asString()
                .contains(".broken-");
    }

    /** The events in the journal, in their order. */
    private List<byte[]> frames() throws IOException {
        ByteBuffer journal = ByteBuffer.wrap(Files.readAllBytes(journal()));
        List<byte[]> frames = new ArrayList<>();
        int at = 0;
        while (journal.get(at) != 0) {
            int end = at + GROUP_BYTES + journal.getInt(at + 4);
            at += GROUP_BYTES;
            while (at < end) {
                byte[] frame = new byte[HEADER_BYTES + journal.getInt(at + 4) + 4];
                journal.get(at, frame);
                frames.add(frame);
                at += frame.length;
            }
        }
        return frames;
    }

    /** The bytes of a journal that was written event by event. */
    private static byte[] groupsOfOne(List<byte[]> frames) {
        ByteArrayOutputStream journal = new ByteArrayOutputStream();
        for (byte[] frame : frames) {
            journal.writeBytes("NJ02".getBytes(StandardCharsets.US_ASCII));
            journal.writeBytes(ByteBuffer.allocate(4).putInt(frame.length).array());
            journal.writeBytes(frame);
        }
        return journal.toByteArray();
    }

    private Path journal() {
        return killed.resolve("nicol.journal-0000000001");
    }

    private List<byte[]> contents() throws IOException {
        List<byte[]> contents = new ArrayList<>();
        for (Path file : files(killed)) {
            contents.add(Files.readAllBytes(file));
        }
        return contents;
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }
}
