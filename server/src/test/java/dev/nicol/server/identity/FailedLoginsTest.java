package dev.nicol.server.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.NicolException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who waits after wrong passwords, and who does not. */
class FailedLoginsTest {
    private static final String HASH = PasswordHash.of("right", 256, 1);
    private static final String OFFICE = "192.0.2.10";
    private static final String HOME = "198.51.100.7";
    private static final String ATTACKER = "203.0.113.66";

    @TempDir
    Path directory;

    private final AtomicLong nanoseconds = new AtomicLong();
    private LocalUsers users;

    @BeforeEach
    void open() throws IOException {
        StringBuilder names = new StringBuilder("users:\n");
        // known ones: an unknown name is verified against a hash of the usual cost
        for (int i = 0; i < FailedLogins.FREE_FAILURES_OF_ADDRESS; i++) {
            names.append("  name").append(i).append(": {password: \"HASH\"}\n");
        }
        names.append("  alice: {password: \"HASH\"}\n  bob: {password: \"HASH\"}\n");
        Path file = Files.writeString(
                directory.resolve("users.yaml"), names.toString().replace("HASH", HASH));
        users = new LocalUsers(file, Duration.ofHours(1), load -> {}, nanoseconds::get);
    }

    @AfterEach
    void close() {
        users.close();
    }

    private boolean in(String name, String password, String address) {
        byte[] plain = (name + ":" + password).getBytes(StandardCharsets.UTF_8);
        String header = "Basic " + Base64.getEncoder().encodeToString(plain);
        try {
            new Logins(users, null, null, CertificateName.CN, Clock.systemUTC())
                    .authenticate(new Presented(header, address, null));
            return true;
        } catch (NicolException refused) {
            assertThat(refused).hasMessage("wrong user name or password");
            return false;
        }
    }

    private void guess(String name, String address, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(in(name, "guess " + i, address)).isFalse();
        }
    }

    private void pass(Duration time) {
        nanoseconds.addAndGet(time.toNanos());
    }

    @Test
    void aNameWaitsAtAnAddressLongerEachTime() {
        guess("alice", ATTACKER, FailedLogins.FREE_FAILURES);
        long wait = 1;
        for (int i = 0; i < 8; i++) {
            pass(Duration.ofSeconds(wait).minusNanos(1));
            assertThat(in("alice", "right", ATTACKER)).as("right, but waiting").isFalse();
            pass(Duration.ofNanos(1));
            assertThat(in("alice", "wrong" + i, ATTACKER)).isFalse();
            wait = Math.min(2 * wait, FailedLogins.LONGEST_WAIT.toSeconds());
        }
        pass(FailedLogins.LONGEST_WAIT);
        assertThat(in("alice", "right", ATTACKER)).isTrue();
    }

    @Test
    void whatIsRefusedUnseenMakesNobodyWaitLonger() {
        guess("alice", ATTACKER, 50);
        pass(FailedLogins.FIRST_WAIT);
        assertThat(in("alice", "right", ATTACKER)).isTrue();
    }

    @Test
    void guessingElsewhereTouchesNobodyWhoHasLoggedInBefore() {
        assertThat(in("alice", "right", OFFICE)).isTrue();
        for (int i = 0; i < 100; i++) {
            guess("alice", "203.0.113." + i, 10);
        }
        assertThat(in("alice", "right", OFFICE)).as("at work").isTrue();
        pass(LocalUsers.REMEMBERED.plusSeconds(1));
        for (int i = 0; i < FailedLogins.FREE_FAILURES_OF_NAME / FailedLogins.FREE_FAILURES; i++) {
            guess("alice", "203.0.113." + i, FailedLogins.FREE_FAILURES);
        }
        assertThat(in("alice", "right", OFFICE)).as("after a pause").isTrue();
        assertThat(in("alice", "right", HOME)).as("from somewhere new").isFalse();
        pass(FailedLogins.LONGEST_WAIT_OF_NAME);
        assertThat(in("alice", "right", HOME)).as("at last").isTrue();
    }

    @Test
    void anAddressThatGuessesManyNamesWaitsForAllOfThem() {
        assertThat(in("bob", "right", OFFICE)).isTrue();
        for (int i = 0; i < FailedLogins.FREE_FAILURES_OF_ADDRESS; i++) {
            guess("name" + i, OFFICE, 1);
        }
        assertThat(in("alice", "right", OFFICE)).isFalse();
        assertThat(in("bob", "right", OFFICE)).as("known there").isTrue();
        assertThat(in("alice", "right", HOME)).isTrue();
        pass(FailedLogins.FIRST_WAIT);
        assertThat(in("alice", "right", OFFICE)).isTrue();
    }

    @Test
    void aNetworkOfIpv6IsOneAddress() {
        for (int i = 0; i < FailedLogins.FREE_FAILURES; i++) {
            guess("alice", "[2001:db8:1:2::" + i + "]", 1);
        }
        assertThat(in("alice", "right", "[2001:db8:1:2:ffff::1]")).isFalse();
        assertThat(in("alice", "right", "[2001:db8:1:3::1]")).isTrue();
    }

    @Test
    void aRememberedPasswordCannotBeGuessedAtFullSpeed() {
        assertThat(in("alice", "right", OFFICE)).isTrue();
        // from elsewhere, a name that waits is not looked for among what is remembered
        guess("alice", ATTACKER, FailedLogins.FREE_FAILURES);
        assertThat(in("alice", "right", ATTACKER)).isFalse();
        // beside her, at her own address: a hundred guesses do her no harm
        guess("alice", OFFICE, FailedLogins.GUESSES_BESIDE_WORK - 1);
        assertThat(in("alice", "right", OFFICE)).isTrue();
        assertThat(in("alice", "another", OFFICE)).isFalse();
        assertThat(in("alice", "right", OFFICE)).isFalse();
        pass(FailedLogins.LONGEST_WAIT);
        assertThat(in("alice", "right", OFFICE)).isTrue();
    }

    @Test
    void aProgramWithAnOldPasswordGuessesOnce() {
        assertThat(in("alice", "right", OFFICE)).isTrue();
        for (int i = 0; i < 10 * FailedLogins.GUESSES_BESIDE_WORK; i++) {
            assertThat(in("alice", "old", OFFICE)).isFalse();
        }
        assertThat(in("alice", "right", OFFICE)).isTrue();
    }

    @Test
    void aPasswordOfOnesOwnBuysNoGuesses() {
        for (int i = 0; i < FailedLogins.FREE_FAILURES_OF_ADDRESS; i++) {
            guess("name" + i, ATTACKER, 1);
            assertThat(in("bob", "right", ATTACKER)).isTrue();
        }
        assertThat(in("alice", "right", ATTACKER)).isFalse();
    }

    @Test
    void manyGuessesAtOnceAreNotManyFreeOnes() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(32);
        try {
            List<Callable<Boolean>> guesses = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                String password = "guess " + i;
                guesses.add(() -> in("alice", password, ATTACKER));
            }
            for (Future<Boolean> guess : threads.invokeAll(guesses)) {
                assertThat(guess.get()).isFalse();
            }
        } finally {
            threads.shutdownNow();
        }
        // the free ones, and those that were verified at the same time as the last of them; 64 would wait for a minute
        pass(Duration.ofSeconds(FailedLogins.FIRST_WAIT.toSeconds() << LocalUsers.MAX_CONCURRENT_VERIFICATIONS));
        assertThat(in("alice", "right", ATTACKER)).isTrue();
    }

    @Test
    void countsAreForgottenInTime() {
        guess("alice", ATTACKER, FailedLogins.FREE_FAILURES - 1);
        pass(FailedLogins.FORGOTTEN.plusNanos(1));
        guess("alice", ATTACKER, FailedLogins.FREE_FAILURES - 1);
        assertThat(in("alice", "right", ATTACKER)).isTrue();
    }

    @Test
    void nothingShowsThePasswordsThatWereTried() {
        assertThatThrownBy(() -> BasicCredentials.of("Basic !")).hasMessage("wrong user name or password");
        assertThat(new BasicCredentials("alice", "s3cret")).hasToString("credentials of alice");
    }
}
