package dev.nicol.server.approval;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.policy.Subject;
import dev.nicol.server.audit.AuditTrail;
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
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
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

    private static final int RUNNERS = 8;
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
        ApprovalRequest request = request("alice", "a", 1);
        Approval filed = approvals.file(request);
        String id = filed.approvalId();
        assertThat(filed.state()).isEqualTo(ApprovalState.PENDING);
        assertThat(approvals.file(request).approvalId()).as("one at a time").isEqualTo(id);
        assertThat(approvals.file(request("bob", "a", 1)).approvalId()).isNotEqualTo(id);
        assertThat(approvals.approved(request.binding(), "alice", null)).isEmpty();

        now.set(NOON.plusSeconds(60));
        assertThat(approvals.vote(id, List.of("rule-0"), "dora", "fine")).isEqualTo(ApprovalStore.Vote.APPROVED);
        assertThat(approvals.vote(id, List.of("rule-0"), "dirk", "me too")).isEqualTo(ApprovalStore.Vote.CLOSED);
        assertThat(approvals.reject(id, "dirk", "no")).isFalse();
        assertThat(approvals.approved(request.binding(), "alice", null))
                .extracting(Approval::approvalId)
                .containsExactly(id);
        assertThat(approvals.approved(request.binding(), "bob", null)).isEmpty();
        assertThat(approvals.approved(request.binding(), "alice", "scorer")).isEmpty();

        assertThat(approvals.execute(id, "statement-1", "alice")).isTrue();
        assertThat(approvals.execute(id, "statement-2", "alice")).isFalse();
        assertThat(approvals.executed(id, "alice")).isTrue();
        assertThat(approvals.failed(id, "alice", true)).isFalse();
        assertThat(state(id)).isEqualTo(ApprovalState.EXECUTED);
        assertThat(events(id))
                .containsExactly(
                        "approval_pending alice approval " + id + ": deletes 120 rows",
                        "approval_approved dora approval " + id + ": fine",
                        "approval_executing alice approval " + id + ": statement statement-1",
                        "approval_executed alice approval " + id);
    }

    @Test
    void nobodyDecidesAfterTheTimeIsOver() {
        String id = approvals.file(request("alice", "a", 1)).approvalId();
        String approved = approvals.file(request("alice", "b", 1)).approvalId();
        approvals.vote(approved, List.of("rule-0"), "dora", "");
        now.set(NOON.plus(Duration.ofHours(4)));
        assertThat(approvals.vote(id, List.of("rule-0"), "dora", "late")).isEqualTo(ApprovalStore.Vote.CLOSED);
        assertThat(approvals.reject(id, "dora", "late")).isFalse();
        assertThat(approvals.breakGlass(id, "alice", "late")).isFalse();
        assertThat(approvals.delegate(id, "alice", "bob")).isFalse();
        assertThat(state(id)).isEqualTo(ApprovalState.PENDING);
        assertThat(approvals.expireDue(now.get())).isEqualTo(2);
        assertThat(approvals.expireDue(now.get())).isZero();
        assertThat(state(id)).isEqualTo(ApprovalState.EXPIRED);
        assertThat(state(approved)).isEqualTo(ApprovalState.EXPIRED);
        assertThat(approvals.file(request("alice", "a", 1)).approvalId()).isNotEqualTo(id);
    }

    /** Filed anew where the last one is over and the clock has not been looked at since. */
    @Test
    void aRequestThatIsOverIsNotAskedForAgain() {
        String id = approvals.file(request("alice", "a", 1)).approvalId();
        now.set(NOON.plus(Duration.ofHours(5)));
        assertThat(approvals.file(request("alice", "a", 1)).approvalId()).isNotEqualTo(id);
        assertThat(state(id)).isEqualTo(ApprovalState.EXPIRED);
    }

    @Test
    void everyRuleWantsItsOwnApprovals() {
        String id = approvals.file(request("alice", "a", 2, 1)).approvalId();
        assertThat(approvals.vote(id, List.of("rule-0", "rule-1"), "dora", "")).isEqualTo(ApprovalStore.Vote.COUNTED);
        assertThat(approvals.vote(id, List.of("rule-0"), "dora", "")).isEqualTo(ApprovalStore.Vote.REPEATED);
        assertThat(approvals.vote(id, List.of("rule-1"), "olga", "")).isEqualTo(ApprovalStore.Vote.COUNTED);
        assertThat(approvals.vote(id, List.of("rule-0"), "dirk", "")).isEqualTo(ApprovalStore.Vote.APPROVED);
    }

    /** Whichever comes first, and though their callers have looked before. */
    @Test
    void nobodyRunsWhatTheyApproved() {
        String handedOn = approvals.file(request("alice", "a", 1)).approvalId();
        assertThat(approvals.delegate(handedOn, "alice", "dora")).isTrue();
        assertThat(approvals.vote(handedOn, List.of("rule-0"), "dora", "")).hasToString("DELEGATED");
        assertThat(approvals.vote(handedOn, List.of("rule-0"), "dirk", "")).isEqualTo(ApprovalStore.Vote.APPROVED);
        assertThat(approvals.delegate(handedOn, "alice", "dirk")).isFalse();
        assertThat(approvals.find(handedOn).orElseThrow().delegatedTo()).isEqualTo("dora");
    }

    /** What certainly came to nothing may run again; of what nobody knows, an approver must say so. */
    @Test
    void aFailureGivesTheApprovalBackWhereNothingCameOfIt() {
        String id = approved("a");
        approvals.execute(id, "statement-1", "alice");
        assertThat(approvals.failed(id, "alice", true)).isTrue();
        assertThat(state(id)).isEqualTo(ApprovalState.APPROVED);
        approvals.execute(id, "statement-2", "alice");
        assertThat(approvals.failed(id, "alice", false)).isTrue();
        assertThat(state(id)).isEqualTo(ApprovalState.FAILED);
        assertThat(approvals.execute(id, "statement-3", "alice")).isFalse();
        assertThat(approvals.vote(id, List.of("rule-0"), "dora", "once more")).isEqualTo(ApprovalStore.Vote.APPROVED);
        assertThat(approvals.execute(id, "statement-3", "alice")).isTrue();
        now.set(NOON.plus(Duration.ofHours(4)));
        assertThat(approvals.failed(id, "alice", true)).isTrue();
        assertThat(state(id)).as("its time is over").isEqualTo(ApprovalState.FAILED);
    }

    /** The server ended between taking an approval and the end of its statement. */
    @Test
    void whatWasInterruptedRunsAgainOnlyIfItNeverBegan() {
        String never = approved("a");
        approvals.execute(never, "statement-1", "alice");
        String perhaps = approved("b");
        approvals.execute(perhaps, "statement-2", "alice");
        trail.begin(new AuditTrail.Intent(
                "statement-2",
                Subject.human("alice", Set.of(), Set.of(), Map.of()),
                "connection",
                "DELETE",
                List.of(),
                "DELETE",
                "allowed",
                List.of(),
                perhaps,
                "v1",
                AuditTrail.Flow.UNKNOWN,
                List.of()));
        trail.event("login", "alice", "so that the intent is in the tables");
        store.awaitUpToDate();
        assertThat(approvals.failInterrupted()).isEqualTo(2);
        assertThat(state(never)).isEqualTo(ApprovalState.APPROVED);
        assertThat(state(perhaps)).isEqualTo(ApprovalState.FAILED);
    }

    @Test
    void whatIsTakenBackDoesNotRun() {
        String revoked = approved("a");
        assertThat(approvals.revoke(revoked, "dora", "changed my mind")).isTrue();
        assertThat(approvals.execute(revoked, "statement-1", "alice")).isFalse();
        String voided = approved("b");
        assertThat(approvals.voided(voided, "its plan changed")).isTrue();
        assertThat(state(voided)).isEqualTo(ApprovalState.REVOKED);
        String cancelled = approvals.file(request("alice", "c", 1)).approvalId();
        assertThat(approvals.withdraw(cancelled, "alice", "")).isTrue();
        assertThat(approvals.vote(cancelled, List.of("rule-0"), "dora", "")).isEqualTo(ApprovalStore.Vote.CLOSED);
        assertThat(approvals.vote("unknown", List.of("rule-0"), "dora", "")).isEqualTo(ApprovalStore.Vote.CLOSED);
        assertThat(approvals.find("unknown")).isEmpty();
    }

    private interface Race {
        boolean won(int runner) throws Exception;
    }

    private static int winners(Race race) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(RUNNERS);
        CyclicBarrier start = new CyclicBarrier(RUNNERS);
        List<Future<Boolean>> futures = new ArrayList<>();
        for (int i = 0; i < RUNNERS; i++) {
            int runner = i;
            futures.add(pool.submit(() -> {
                start.await();
                return race.won(runner);
            }));
        }
        int won = 0;
        for (Future<Boolean> future : futures) {
            won += future.get() ? 1 : 0;
        }
        pool.shutdown();
        return won;
    }

    @Test
    void ofManyWhoWouldExecuteOneMay() throws Exception {
        String id = approved("a");
        assertThat(winners(runner -> approvals.execute(id, "statement-" + runner, "alice")))
                .isEqualTo(1);
    }

    @Test
    void ofManyWhoDecideOneDoes() throws Exception {
        String id = approvals.file(request("alice", "a", 1)).approvalId();
        assertThat(winners(runner -> runner % 2 == 0
                        ? approvals.vote(id, List.of("rule-0"), "dba-" + runner, "") == ApprovalStore.Vote.APPROVED
                        : approvals.reject(id, "dba-" + runner, "")))
                .isEqualTo(1);
    }

    @Test
    void ofManyWhoAskAllGetOneRequest() throws Exception {
        Set<String> ids = ConcurrentHashMap.newKeySet();
        winners(runner -> ids.add(approvals.file(request("alice", "a", 1)).approvalId()));
        assertThat(ids).hasSize(1);
    }

    private String approved(String words) {
        String id = approvals.file(request("alice", words, 1)).approvalId();
        approvals.vote(id, List.of("rule-0"), "dora", "");
        return id;
    }

    private ApprovalState state(String id) {
        return approvals.find(id).orElseThrow().state();
    }

    /** @param approvals that each of its rules wants */
    private static ApprovalRequest request(String userName, String sql, int... approvals) {
        List<ApprovalRequest.Needed> rules = new ArrayList<>();
        for (int wanted : approvals) {
            rules.add(new ApprovalRequest.Needed("rule-" + rules.size(), "members of dba", wanted));
        }
        return new ApprovalRequest(
                new ApprovalRequest.Requester(userName, null, null, null, null, null),
                new ApprovalRequest.Asked(sql, null, null, null),
                new ApprovalRequest.Shown("held-" + sql, "DELETE", null, "Delete(orders)", null, null, 120L),
                "deletes 120 rows",
                rules,
                Binding.of(Map.of(Binding.Part.SQL, List.of(sql))),
                "v1",
                NOON.plus(Duration.ofHours(4)));
    }

    private List<String> events(String id) {
        return store.jdbi().withHandle(handle -> handle.createQuery(
                        "SELECT kind || ' ' || user_name || ' ' || detail FROM audit.events WHERE detail LIKE :of"
                                + " ORDER BY event_id")
                .bind("of", "approval " + id + "%")
                .mapTo(String.class)
                .list());
    }
}
