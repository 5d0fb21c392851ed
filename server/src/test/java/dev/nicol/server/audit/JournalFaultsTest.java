package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.policy.NicolException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.h2.jdbc.JdbcConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to the journal of a server in service. */
class JournalFaultsTest {
    private static final Instant AT = Instant.parse("2026-11-29T12:00:00Z");
    private static final int EVENT_BYTES = 200_000;
    private static final int SECTOR_BYTES = 512;

    @TempDir
    Path directory;

    /** A statement is cancelled while the group that it waits for begins the next file. */
    @Test
    void anInterruptWhileTheNextFileIsMadeLosesNothing() throws Exception {
        TrailTransaction.Head head = new TrailTransaction.Head(0, EventHash.GENESIS);
        List<Long> written = new ArrayList<>();
        try (Journal journal = Journal.open(directory.resolve("nicol"), false)) {
            String detail = "x".repeat(EVENT_BYTES);
            while (Journal.files(directory.resolve("nicol")).size() < 3) {
                Link link = Link.after(head, "nicol", TrailEvent.act("login", "alice", detail, AT));
                Thread.currentThread().interrupt();
                journal.append(List.of(link), false);
                assertThat(Thread.interrupted()).isTrue();
                head = link.head();
                written.add(link.eventId());
            }
            assertThat(journal.after(new TrailTransaction.Head(0, EventHash.GENESIS), "nicol"))
                    .extracting(Link::eventId)
                    .isEqualTo(written);
        }
    }

    /**
     * The power fails while a group is written over the zeros that were there: a disk may have written any of its sectors. What was
     * acknowledged before is there, and the group is not.
     */
    @Test
    void aPowerCutTakesTheGroupThatWasBeingWrittenAndNoOther() throws Exception {
        Path file = directory.resolve("nicol.journal-0000000001");
        List<Integer> ends = written(4);
        byte[] whole = Files.readAllBytes(file);
        int sectors = ends.get(3) / SECTOR_BYTES - ends.get(2) / SECTOR_BYTES + 1;
        assertThat(sectors).isGreaterThan(8);
        for (int lost = 0; lost < sectors; lost++) {
            int from = Math.max(ends.get(2), (ends.get(2) / SECTOR_BYTES + lost) * SECTOR_BYTES);
            int to = Math.min(ends.get(3), (ends.get(2) / SECTOR_BYTES + lost + 1) * SECTOR_BYTES);
            byte[] one = whole.clone();
            Arrays.fill(one, from, to, (byte) 0);
            assertThat(problem(file, one)).as("without sector %d", lost).isEqualTo("9 links");
            byte[] rest = whole.clone();
            Arrays.fill(rest, from, ends.get(3), (byte) 0);
            assertThat(problem(file, rest)).as("from sector %d on", lost).isEqualTo("9 links");
            byte[] only = whole.clone();
            Arrays.fill(only, ends.get(2), from, (byte) 0);
            Arrays.fill(only, to, ends.get(3), (byte) 0);
            assertThat(problem(file, only)).as("but for sector %d", lost).isEqualTo("9 links");
        }
        assertThat(problem(file, whole)).isEqualTo("12 links");
        for (int sector = ends.get(0) / SECTOR_BYTES + 1; sector < ends.get(1) / SECTOR_BYTES; sector++) {
            byte[] earlier = whole.clone();
            Arrays.fill(earlier, sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES, (byte) 0);
            assertThat(problem(file, earlier)).isEqualTo("event 4 in " + file.getFileName() + " is damaged");
        }
        byte[] changed = whole.clone();
        changed[ends.get(3) - 1_000] ^= 1;
        assertThat(problem(file, changed)).isEqualTo("event 10 in " + file.getFileName() + " is damaged");
    }

    /** Groups of three events, as they lie in a file that was forced after each; where each ends. */
    private List<Integer> written(int groups) throws IOException {
        TrailTransaction.Head head = new TrailTransaction.Head(0, EventHash.GENESIS);
        List<Integer> ends = new ArrayList<>();
        int end = 0;
        Journal journal = Journal.open(directory.resolve("nicol"), true);
        for (int group = 0; group < groups; group++) {
            List<Link> links = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Link link = Link.after(head, "nicol", TrailEvent.act("login", "alice", "y".repeat(1_500), AT));
                links.add(link);
                head = link.head();
            }
            journal.append(links, true);
            end += JournalGroup.size(links);
            ends.add(end);
        }
        return ends;
    }

    /** What is said of a file with these bytes; of one that nothing is wrong with, how many links it has. */
    private static String problem(Path file, byte[] bytes) throws IOException {
        Files.write(file, bytes);
        List<Link> links = new ArrayList<>();
        String problem = new JournalReader("nicol", new TrailTransaction.Head(0, EventHash.GENESIS), links::add)
                .read(List.of(file));
        return problem == null ? links.size() + " links" : problem;
    }

    /** Nobody knows then whether it was committed: what was is not written again, and the trail goes on by itself. */
    @Test
    void aConnectionLostRightAfterACommitWritesNothingTwice() throws Exception {
        StoreSettings settings = TrailFixture.embedded(directory);
        try (LosingStore store = new LosingStore(settings, (EmbeddedStore) Store.open(settings));
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            trail.begin(TrailFixture.select("0190-first"));
            trail.complete("0190-first", TrailFixture.succeeded(5));
            trail.event("login", "alice", "before");
            // an act is committed in the tables at once
            assertThatThrownBy(() -> trail.record(act -> {
                        store.losing = true;
                        act.event("approve", "alice", "told that it failed");
                        return true;
                    }))
                    .isInstanceOf(NicolException.class);
            await().ignoreExceptions().untilAsserted(() -> trail.event("login", "alice", "later"));

            assertThat(StoreAuditTrailTest.rows(
                            store, "SELECT kind, detail FROM audit.events WHERE detail <> 'later' ORDER BY event_id"))
                    .containsExactly(List.of("login", "before"), List.of("approve", "told that it failed"));
            AuditVerifier.Report report = AuditVerifier.verify(store);
            assertThat(report.problems()).isEmpty();
            assertThat(StoreAuditTrailTest.rows(store, "SELECT COUNT(*) FROM audit.events").stream()
                            .flatMap(List::stream)
                            .collect(Collectors.toList()))
                    .containsExactly("" + report.events());
        }
    }

    /** An embedded store that loses the connection of one commit once it is done. */
    private static final class LosingStore extends Store {
        private final EmbeddedStore store;
        private final Path path;
        volatile boolean losing;

        LosingStore(StoreSettings settings, EmbeddedStore store) {
            super(settings, store.pool(), store.reader());
            this.store = store;
            this.path = store.maskKey().resolveSibling("nicol");
        }

        @Override
        void commit(Connection writer, boolean sync) throws SQLException {
            store.commit(writer, sync);
            if (losing) {
                losing = false;
                writer.unwrap(JdbcConnection.class).close();
            }
        }

        @Override
        Chain chain(TrailSettings trail) {
            try {
                return JournaledChain.open(this, Journal.open(path, true), trail);
            } catch (IOException failure) {
                throw new IllegalStateException(failure);
            }
        }

        @Override
        public boolean shared() {
            return store.shared();
        }

        @Override
        public Path maskKey() {
            return store.maskKey();
        }

        @Override
        public Path checkpointKey() {
            return store.checkpointKey();
        }

        @Override
        void acceptBroken() {
            store.acceptBroken();
        }

        @Override
        Connection writer() throws SQLException {
            return store.writer();
        }

        @Override
        void giveBack(Connection writer) throws SQLException {
            store.giveBack(writer);
        }

        @Override
        void discard(Connection writer) {
            store.discard(writer);
        }

        @Override
        void sync(Connection writer) throws SQLException {
            store.sync(writer);
        }

        @Override
        public void close() {
            store.close();
        }
    }
}
