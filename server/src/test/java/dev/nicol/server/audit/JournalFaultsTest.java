package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.policy.NicolException;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.h2.jdbc.JdbcConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to the journal of a server in service. */
class JournalFaultsTest {
    private static final Instant AT = Instant.parse("2026-11-29T12:00:00Z");
    private static final int EVENT_BYTES = 200_000;

    @TempDir
    Path directory;

    /** A statement is cancelled while the group that it waits for begins the next file. */
    @Test
    void anInterruptWhileTheNextFileIsMadeLosesNothing() throws Exception {
        TrailTransaction.Head head = new TrailTransaction.Head(0, EventHash.GENESIS);
        List<Long> written = new ArrayList<>();
        try (Journal journal = Journal.open(directory.resolve("nicol"))) {
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
                return JournaledChain.open(this, Journal.open(path), trail);
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
