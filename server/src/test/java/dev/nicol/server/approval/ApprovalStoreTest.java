package dev.nicol.server.approval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.server.audit.AuditVerifier;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.TrailSettings;
import dev.nicol.server.testing.TestStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestStore.class)
class ApprovalStoreTest {
    @Parameter
    TestStore kind;

    private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");

    @TempDir
    Path directory;

    private final AtomicReference<Instant> now = new AtomicReference<>(NOON);
    private Store store;
    private StoreAuditTrail trail;
    private ApprovalStore approvals;

    @BeforeEach
    void open() {
        store = Store.open(kind.settings(directory));
        Clock clock = ((InstantSource) now::get).withZone(ZoneOffset.UTC);
        trail = StoreAuditTrail.open(store, TrailSettings.DEFAULT, clock);
        approvals = new ApprovalStore(store, trail);
    }

    @AfterEach
    void verifyAndClose() throws Exception {
        assertThat(AuditVerifier.verify(store).whole()).isTrue();
        trail.close();
        store.close();
    }

    @Test
    void aRequestIsFiledApprovedAndExecutedOnce() {
        ApprovalRequest request = request("digest-1");
        String id = approvals.create(request);
        assertThat(approvals.find(id))
                .contains(new Approval(id, ApprovalState.PENDING, request, NOON, null, null, null, null));
        assertThat(approvals.findApproved("digest-1", "alice", null)).isEmpty();

        now.set(NOON.plusSeconds(60));
        assertThat(approvals.approve(id, "dora", "fine")).isTrue();
        assertThat(approvals.approve(id, "dirk", "me too")).isFalse();
        assertThat(approvals.reject(id, "dirk", "no")).isFalse();
        assertThat(approvals.findApproved("digest-1", "alice", null))
                .contains(new Approval(
                        id, ApprovalState.APPROVED, request, NOON, "dora", NOON.plusSeconds(60), "fine", null));
        assertThat(approvals.findApproved("digest-2", "alice", null)).isEmpty();
        assertThat(approvals.findApproved("digest-1", "bob", null)).isEmpty();
        assertThat(approvals.findApproved("digest-1", "alice", "scorer")).isEmpty();

        assertThat(approvals.execute(id, "statement-1", "alice")).isTrue();
        assertThat(approvals.execute(id, "statement-2", "alice")).isFalse();
        assertThat(approvals.executed(id, true, "alice")).isTrue();
        assertThat(approvals.executed(id, false, "alice")).isFalse();
        assertThat(approvals.find(id).orElseThrow().state()).isEqualTo(ApprovalState.EXECUTED);
        assertThat(approvals.find(id).orElseThrow().executedStatementId()).isEqualTo("statement-1");
        assertThat(events())
                .containsExactly(
                        "approval_pending alice approval " + id + ": deletes 120 rows",
                        "approval_approved dora approval " + id + ": fine",
                        "approval_executing alice approval " + id + ": statement statement-1",
                        "approval_executed alice approval " + id);
    }

    @Test
    void nobodyDecidesAfterTheTimeIsOver() {
        String id = approvals.create(request("digest-1"));
        now.set(NOON.plus(Duration.ofHours(4)));
        assertThat(approvals.approve(id, "dora", "late")).isFalse();
        assertThat(approvals.find(id).orElseThrow().state()).isEqualTo(ApprovalState.PENDING);
        assertThat(approvals.expireDue()).isEqualTo(1);
        assertThat(approvals.expireDue()).isZero();
        assertThat(approvals.find(id).orElseThrow().state()).isEqualTo(ApprovalState.EXPIRED);
    }

    @Test
    void anApprovalCanBeRevokedARequestCancelledAndAFailureApprovedAgain() {
        String revoked = approvals.create(request("digest-1"));
        approvals.approve(revoked, "dora", "");
        assertThat(approvals.revoke(revoked, "dora", "changed my mind")).isTrue();
        assertThat(approvals.execute(revoked, "statement-1", "alice")).isFalse();

        String cancelled = approvals.create(request("digest-2"));
        assertThat(approvals.cancel(cancelled, "alice")).isTrue();
        assertThat(approvals.approve(cancelled, "dora", "")).isFalse();

        String failed = approvals.create(request("digest-3"));
        approvals.approve(failed, "dora", "");
        approvals.execute(failed, "statement-2", "alice");
        assertThat(approvals.failInterrupted()).isEqualTo(1);
        assertThat(approvals.execute(failed, "statement-3", "alice")).isFalse();
        assertThat(approvals.approveAgain(failed, "dora", "once more")).isTrue();
        assertThat(approvals.execute(failed, "statement-3", "alice")).isTrue();
        assertThat(approvals.approve("unknown", "dora", "")).isFalse();
        assertThat(approvals.find("unknown")).isEmpty();
    }

    @Test
    void ofManyWhoWouldExecuteOneMay() throws Exception {
        String id = approvals.create(request("digest-1"));
        approvals.approve(id, "dora", "");
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<Boolean>> futures = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            String statementId = "statement-" + i;
            futures.add(pool.submit(() -> approvals.execute(id, statementId, "alice")));
        }
        int won = 0;
        for (Future<Boolean> future : futures) {
            won += future.get() ? 1 : 0;
        }
        pool.shutdown();
        assertThat(won).isEqualTo(1);
    }

    private static ApprovalRequest request(String binding) {
        return new ApprovalRequest(
                "alice",
                null,
                "DELETE FROM crm.public.orders WHERE year < 2020",
                "deletes 120 rows",
                "Delete(orders)",
                120L,
                "big-deletes-need-two",
                binding,
                NOON.plus(Duration.ofHours(4)));
    }

    private List<String> events() {
        return store.jdbi().withHandle(handle -> handle.createQuery(
                        "SELECT kind || ' ' || user_name || ' ' || detail FROM audit.events ORDER BY event_id")
                .mapTo(String.class)
                .list());
    }
}
