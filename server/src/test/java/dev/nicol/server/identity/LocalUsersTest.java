package dev.nicol.server.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.policy.HotReload;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.Subject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalUsersTest {
    private static final int CHEAP_KIB = 256;
    private static final String WONDERLAND = PasswordHash.of("wönderland:1", CHEAP_KIB, 1);
    private static final String ROBOT = PasswordHash.of("robot", CHEAP_KIB, 1);
    private static final String USERS = """
            users:
              alice: {password: "WONDERLAND", groups: [analysts, interns], roles: [steward, auditor], attributes: {region: EU, level: 3}}
              bob: {password: "ROBOT", purposes: [fraud-scoring]}
            agents:
              scorer: {password: "ROBOT", acts_for: [alice, bob], purposes: [fraud-scoring, reporting]}
              narrow: {password: "ROBOT", acts_for: [alice], purposes: [reporting], groups: [analysts, bots], roles: [auditor]}
            """.replace("WONDERLAND", WONDERLAND).replace("ROBOT", ROBOT);
    private static final Duration POLL = Duration.ofMillis(20);

    @TempDir
    Path directory;

    private final AtomicLong nanoseconds = new AtomicLong();
    private final List<HotReload.Load<?>> loads = new CopyOnWriteArrayList<>();
    private @Nullable LocalUsers users;

    @AfterEach
    void close() {
        if (users != null) {
            users.close();
        }
    }

    @Test
    void theRightPasswordIsAPrincipal() throws IOException {
        LocalUsers local = open(USERS);

        assertThat(login(local, basic("alice", "wönderland:1"))).hasToString("user alice by password");
        assertThat(login(local, basic("scorer", "robot"))).hasToString("agent scorer by password");
    }

    /** It logs in by a token or a certificate. */
    @Test
    void anAgentMayHaveNoPassword() throws IOException {
        LocalUsers local = open(USERS + "  mute: {purposes: [reporting]}\n");

        assertRefused(() -> login(local, basic("mute", "")), "wrong user name or password");
        assertRefused(() -> login(local, basic("mute", "robot")), "wrong user name or password");
        assertThat(local.named("mute", Map.of("purpose", "reporting")).agent()).isEqualTo("mute");
    }

    @Test
    void everythingElseIsRefusedInTheSameWords() throws IOException {
        LocalUsers local = open(USERS);
        List<String> headers = List.of(
                basic("alice", "wrong"),
                basic("nobody", "wönderland:1"),
                basic("Alice", "wönderland:1"),
                basic("alice", ""),
                basic("", "wönderland:1"),
                basic("alice", "x".repeat(2000)),
                basic("x".repeat(200), "x"),
                "Basic " + encoded("alice"),
                "Basic !!!",
                "Basic " + Base64.getEncoder().encodeToString(new byte[] {(byte) 0xff, ':', 'x'}));

        for (String header : headers) {
            assertRefused(() -> login(local, header), "wrong user name or password");
        }
        assertRefused(() -> login(local, null), "no credentials; log in with user name and password");
        assertRefused(
                () -> login(local, "Bearer abc"),
                "these credentials are not understood; log in with user name and password (Basic)");
        assertRefused(
                () -> login(local, "Basic " + "A".repeat(20_000)),
                "these credentials are not understood; log in with user name and password (Basic)");
    }

    @Test
    void aRememberedPasswordCostsMicrosecondsAndIsForgottenInTime() throws IOException {
        LocalUsers local = open(USERS);
        String header = basic("alice", "wönderland:1");
        login(local, header);

        long begun = System.nanoTime();
        for (int i = 0; i < 10_000; i++) {
            login(local, header);
        }
        // a verification takes tens of milliseconds: ten thousand of them would take minutes
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
        assertRefused(() -> login(local, basic("alice", "wönderland:2")), "wrong user name or password");

        nanoseconds.addAndGet(LocalUsers.REMEMBERED.toNanos() + 1);
        assertThat(login(local, header).name()).isEqualTo("alice");
    }

    @Test
    void aChangedFileForgetsPasswordsAndABrokenOneChangesNothing() throws IOException {
        LocalUsers local = open(USERS);
        String alice = basic("alice", "wönderland:1");
        Principal principal = login(local, alice);
        Principal bob = login(local, basic("bob", "robot"));

        write("users: {alice: {password: plain}}\n");
        await().until(() -> !loads.isEmpty());
        assertThat(loads.get(0).succeeded()).isFalse();
        assertThat(login(local, alice)).isEqualTo(principal);

        write(USERS.replace(WONDERLAND, ROBOT).replace("  bob:", "  carol:").replace(", bob]", "]"));
        await().until(() -> loads.get(loads.size() - 1).succeeded());
        assertRefused(() -> login(local, alice), "wrong user name or password");
        assertThat(login(local, basic("alice", "robot"))).isEqualTo(principal);
        assertRefused(() -> bob.subject(Map.of()), "`bob` may not log in any more; ask an administrator");
    }

    @Test
    void manyAtOnceAreAllAnswered() throws Exception {
        LocalUsers local = open(USERS);
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try {
            List<Callable<String>> tasks = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                boolean right = i % 2 == 0;
                int number = i;
                tasks.add(() -> {
                    try {
                        return login(local, right ? basic("alice", "wönderland:1") : basic("u" + number, "x"))
                                .name();
                    } catch (NicolException e) {
                        return e.error().sqlState();
                    }
                });
            }
            List<String> answers = new ArrayList<>();
            for (Future<String> answer : threads.invokeAll(tasks)) {
                answers.add(answer.get());
            }
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i)).isEqualTo(i % 2 == 0 ? "alice" : "28000");
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aHumanStatesPurposeJobModelAndClient() throws IOException {
        Subject alice = subject(
                "alice", false, Map.of("purpose", "anything", "job", "j", "model", "m", "client", "c", "user", "x"));

        assertThat(alice)
                .isEqualTo(new Subject(
                        "alice",
                        null,
                        Set.of("analysts", "interns"),
                        Set.of("steward", "auditor"),
                        Map.of("region", "EU", "level", "3"),
                        Set.of(),
                        "anything",
                        "j",
                        "m",
                        "c"));
        assertThat(subject("bob", false, Map.of("purpose", "fraud-scoring")).purpose())
                .isEqualTo("fraud-scoring");
        assertNotPermitted("bob", false, Map.of("purpose", "other"), "the purpose `other` is not declared for `bob`");
        assertNotPermitted("alice", false, Map.of("on_behalf_of", "bob"), "`on_behalf_of` is for agents");
        assertNotPermitted("alice", false, Map.of("job", "a\nb"), "`job`");
        assertNotPermitted("alice", false, Map.of("client", "x".repeat(257)), "`client`");
    }

    @Test
    void anAgentAloneIsItsOwnUser() throws IOException {
        Subject alone = subject("scorer", true, Map.of());

        assertThat(alone.userName()).isEqualTo("scorer");
        assertThat(alone.agent()).isEqualTo("scorer");
        assertThat(alone.onBehalfOf()).isNull();
        assertThat(alone.groups()).isEmpty();
        assertThat(alone.allowedPurposes()).containsExactlyInAnyOrder("fraud-scoring", "reporting");
    }

    @Test
    void anAgentHasWhatBothHaveAndIsBoundByWhatBindsEither() throws IOException {
        Subject wide = subject("scorer", true, Map.of("on_behalf_of", "alice", "purpose", "reporting"));
        assertThat(wide.userName()).isEqualTo("alice");
        assertThat(wide.agent()).isEqualTo("scorer");
        assertThat(wide.onBehalfOf()).isEqualTo("alice");
        assertThat(wide.groups()).containsExactlyInAnyOrder("analysts", "interns");
        assertThat(wide.roles()).isEmpty();
        assertThat(wide.attributes()).containsEntry("region", "EU");
        assertThat(wide.purpose()).isEqualTo("reporting");

        Subject narrow = subject("narrow", true, Map.of("on_behalf_of", "alice"));
        assertThat(narrow.groups()).containsExactly("analysts");
        assertThat(narrow.roles()).containsExactly("auditor");
        assertThat(narrow.bindingGroups()).containsExactlyInAnyOrder("analysts", "interns", "bots");
        assertThat(narrow.bindingRoles()).containsExactlyInAnyOrder("auditor", "steward");

        assertThat(subject("scorer", true, Map.of("on_behalf_of", "bob")).allowedPurposes())
                .containsExactly("fraud-scoring");
    }

    @Test
    void anAgentActsForItsHumansAndPurposesOnly() throws IOException {
        assertNotPermitted("narrow", true, Map.of("on_behalf_of", "bob"), "`narrow` may not act for `bob`");
        assertNotPermitted("scorer", true, Map.of("on_behalf_of", "narrow"), "`scorer` may not act for `narrow`");
        assertNotPermitted("scorer", true, Map.of("purpose", "fun"), "the purpose `fun` is not declared for `scorer`");
        assertNotPermitted(
                "scorer",
                true,
                Map.of("on_behalf_of", "bob", "purpose", "reporting"),
                "the purpose `reporting` is not declared for `scorer`");
    }

    /** MariaDB holds `ANN` for `ann`, and would show one what row filters give the other. */
    @Test
    void namesThatDifferInCaseOnlyAreRefused() throws IOException {
        Path file = write("""
                users:
                  ann: {password: "ROBOT"}
                  ANN: {password: "ROBOT"}
                agents:
                  Ann: {password: "ROBOT", purposes: [x], acts_for: [ann]}
                """.replace("ROBOT", ROBOT));

        assertThatThrownBy(() -> UsersReader.check(file))
                .isInstanceOfSatisfying(ProblemsException.class, e -> assertThat(e.problems())
                        .extracting(problem ->
                                problem.line() + ": " + problem.message().substring(0, 37))
                        .containsExactly(
                                "3: `ANN` and `ann` differ in case only —",
                                "5: `Ann` and `ann` differ in case only —"));
    }

    @Test
    void aFileWithProblemsIsRefusedAndNoHashIsShown() throws IOException {
        Path file = write("""
                users:
                  alice: {password: s3cret, group: [a]}
                  carol: {password: "$argon2id$v=19$m=9999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", purposes: [p]}
                  "a:b": {password: "ROBOT"}
                agents:
                  alice: {password: "ROBOT", purposes: [x]}
                  bot: {acts_for: [carl, carol], purposes: [q], attributes: {a: b}}
                  none: {password: "ROBOT"}
                """.replace("ROBOT", ROBOT));

        assertThatThrownBy(() -> UsersReader.check(file))
                .isInstanceOfSatisfying(ProblemsException.class, e -> assertThat(e.problems())
                        .extracting(problem -> problem.line() + ": " + problem.message())
                        .containsExactly(
                                "2: unknown key `group` — did you mean `groups`?",
                                "2: the `password` of `alice` is not an Argon2id hash (`$argon2id$v=19$…`) — make one"
                                        + " with `nicol hash-password`",
                                "3: the `password` of `carol` has Argon2id parameters outside of what is accepted (at"
                                        + " most m=262144, t=100, p=16) — make one with `nicol hash-password`",
                                "4: `a:b` cannot be a name — use at most 128 characters without `:`",
                                "6: `alice` is a user already — name the agent differently",
                                "7: unknown key `attributes` — known here: password, groups, roles, acts_for,"
                                        + " purposes",
                                "7: `acts_for` names `carl`, and there is no such user — did you mean `carol`?",
                                "7: `bot` cannot act for `carol`: they share no purpose — give them one",
                                "8: `purposes` is missing — add it"));
    }

    @Test
    void verifiesHashesOfOtherImplementations() {
        // the reference implementation's own vector: argon2 "password", salt "somesalt", -id -t 2 -m 16 -p 1
        String reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

        assertThat(PasswordHash.fault(reference)).isNull();
        assertThat(PasswordHash.verifies("password", reference)).isTrue();
        assertThat(PasswordHash.verifies("Password", reference)).isFalse();
        assertThat(PasswordHash.of("x"))
                .startsWith("$argon2id$v=19$m=19456,t=2,p=1$")
                .isNotEqualTo(PasswordHash.of("x"));
    }

    private static Principal login(LocalUsers local, @Nullable String header) {
        return new Logins(local, null, null, CertificateName.CN, Clock.systemUTC())
                .authenticate(new Presented(header, "127.0.0.1", null));
    }

    private LocalUsers open(String content) throws IOException {
        LocalUsers opened = new LocalUsers(write(content), POLL, loads::add, nanoseconds::get);
        users = opened;
        return opened;
    }

    private Path write(String content) throws IOException {
        return Files.writeString(directory.resolve("users.yaml"), content);
    }

    private Subject subject(String name, boolean agent, Map<String, String> properties) throws IOException {
        try (LocalUsers local = new LocalUsers(write(USERS), Duration.ofHours(1), load -> {})) {
            return local.named(name, properties);
        }
    }

    private void assertNotPermitted(String name, boolean agent, Map<String, String> properties, String message) {
        assertThatThrownBy(() -> subject(name, agent, properties))
                .isInstanceOfSatisfying(
                        NicolException.class, e -> assertThat(e.error()).isEqualTo(NicolError.NOT_PERMITTED))
                .hasMessageContaining(message);
    }

    private static void assertRefused(ThrowingCallable login, String message) {
        assertThatThrownBy(login)
                .isInstanceOfSatisfying(
                        NicolException.class, e -> assertThat(e.error()).isEqualTo(NicolError.NOT_AUTHENTICATED))
                .hasMessage(message);
    }

    private static String basic(String name, String password) {
        return "Basic " + encoded(name + ":" + password);
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
