package dev.nicol.server.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.nicol.policy.HotReload;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.Subject;
import dev.nicol.policy.check.KnownSubjects;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Users and agents of the local users file, by Basic authentication. A password is verified with Argon2id once and then
 * remembered for some minutes under a key of this boot; a changed file forgets everything.
 */
public final class LocalUsers implements AutoCloseable {
    /** How long a verified password is remembered after its last use: as long as somebody is at work, and a while. */
    public static final Duration REMEMBERED = Duration.ofMinutes(30);

    /** Most passwords remembered at once. */
    public static final int MAX_REMEMBERED = 10_000;

    /** Verifications at once: each takes {@link PasswordHash#MEMORY_KIB} and a core. */
    public static final int MAX_CONCURRENT_VERIFICATIONS = 4;

    /** Longest wait for one of them. */
    public static final Duration VERIFICATION_WAIT = Duration.ofSeconds(10);

    /** Verified in place of a missing user's hash, so that the answer takes as long. No password is known for it. */
    private static final String DUMMY_HASH = PasswordHash.of(Base64.getEncoder().encodeToString(randomBytes()));

    private final HotReload<Directory> directory;
    private final PasswordKeys keys = new PasswordKeys();
    private final Semaphore verifications = new Semaphore(MAX_CONCURRENT_VERIFICATIONS, true);
    private final FailedLogins failures;

    /** The users of one version of the file and the passwords verified against it. */
    private record Directory(Map<String, LocalUser> users, Cache<ByteBuffer, Principal> remembered) {}

    /**
     * Reads the file and watches it.
     *
     * @param listener told of every reload: whether it succeeded, and the problems
     * @throws ProblemsException when the file cannot be used
     */
    public LocalUsers(Path file, Duration pollInterval, Consumer<HotReload.Load<?>> listener) {
        this(file, pollInterval, listener, Ticker.systemTicker());
    }

    LocalUsers(Path file, Duration pollInterval, Consumer<HotReload.Load<?>> listener, Ticker ticker) {
        this.failures = new FailedLogins(ticker);
        this.directory = new HotReload<>(
                file,
                pollInterval,
                path -> new Directory(
                        UsersReader.read(path),
                        Caffeine.newBuilder()
                                .expireAfterAccess(REMEMBERED)
                                .maximumSize(MAX_REMEMBERED)
                                .ticker(ticker)
                                .build()),
                listener::accept);
    }

    /** Whether the file has an entry of that name. */
    boolean has(String name) {
        return directory.get().users.containsKey(name);
    }

    /** @throws NicolException {@code NOT_AUTHENTICATED}, after as long a time for an unknown name as for a known one */
    Principal authenticate(BasicCredentials credentials, String address) {
        // one version for the whole check: what is verified against it is forgotten with it
        Directory current = directory.get();
        ByteBuffer key = keys.of(credentials);
        Principal remembered = current.remembered.getIfPresent(key);
        if (failures.refuses(credentials.name(), address, PasswordKeys.fingerprint(key), remembered != null)) {
            throw BasicCredentials.wrong();
        }
        if (remembered != null) {
            failures.remembered(credentials.name(), address);
            return remembered;
        }
        Principal verified = verify(current, credentials, key, address);
        if (verified == null) {
            throw BasicCredentials.wrong();
        }
        return verified;
    }

    private @Nullable Principal verify(
            Directory current, BasicCredentials credentials, ByteBuffer key, String address) {
        try {
            if (!verifications.tryAcquire(VERIFICATION_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw tooMany();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw tooMany();
        }
        try {
            // a burst of connections with one password waits for the first of them
            Principal meanwhile = current.remembered.getIfPresent(key);
            if (meanwhile != null) {
                return meanwhile;
            }
            // asked again: of many guesses at once, those that waited for their turn come after the first ones' failure
            if (failures.refuses(credentials.name(), address, PasswordKeys.fingerprint(key), false)) {
                return null;
            }
            LocalUser user = current.users.get(credentials.name());
            String hash = user == null ? null : user.passwordHash();
            boolean right = PasswordHash.verifies(credentials.password(), hash == null ? DUMMY_HASH : hash);
            if (!right || user == null || hash == null) {
                failures.failed(credentials.name(), address, PasswordKeys.fingerprint(key));
                return null;
            }
            failures.succeeded(credentials.name(), address);
            Principal principal = principal(user.account(), "password");
            current.remembered.put(key, principal);
            return principal;
        } finally {
            verifications.release();
        }
    }

    private Principal principal(Account account, String means) {
        String name = account.name();
        boolean agent = account.agent();
        return new Principal(name, agent, means, null, stated -> subject(name, agent, stated));
    }

    /**
     * Who a certificate names that TLS has verified.
     *
     * @throws NicolException {@code NOT_AUTHENTICATED} where the file has no such name
     */
    Principal certified(String name) {
        LocalUser user = directory.get().users.get(name);
        if (user == null) {
            throw NicolError.NOT_AUTHENTICATED.because("the certificate names nobody who is known here");
        }
        return principal(user.account(), "certificate");
    }

    private static NicolException tooMany() {
        return NicolError.TOO_MANY.because("too many log-ins at once; try again in some seconds");
    }

    private Subject subject(String name, boolean agent, Map<String, String> stated) {
        Map<String, LocalUser> users = directory.get().users;
        LocalUser self = users.get(name);
        if (self == null || self.account().agent() != agent) {
            throw NicolError.NOT_AUTHENTICATED.because("`" + name + "` may not log in any more; ask an administrator");
        }
        return subject(self.account(), users, stated);
    }

    private static Subject subject(Account self, Map<String, LocalUser> users, Map<String, String> stated) {
        return new StatedIdentity(stated).subject(self, name -> {
            LocalUser human = users.get(name);
            return human == null || !self.actsFor().contains(name) ? null : human.account();
        });
    }

    /**
     * The subject that a connection of that name would have: what EXPLAIN POLICY … AS USER and scenarios ask about.
     *
     * @throws NicolException {@code NOT_PERMITTED} where there is no such user or agent
     */
    public Subject named(String name, Map<String, String> connectionProperties) {
        Map<String, LocalUser> users = directory.get().users;
        LocalUser user = users.get(name);
        if (user == null) {
            throw unknown(name);
        }
        return subject(user.account(), users, connectionProperties);
    }

    static NicolException unknown(String name) {
        return NicolError.NOT_PERMITTED.because("There is no user or agent `" + name + "`. Correct the name.");
    }

    /** What the file says of a human; null where it has none of that name. */
    @Nullable
    Account human(String name) {
        LocalUser user = directory.get().users.get(name);
        return user == null || user.account().agent() ? null : user.account();
    }

    /** What the file says of an agent; null where it has none of that name. */
    @Nullable
    Account agent(String name) {
        LocalUser user = directory.get().users.get(name);
        return user == null || !user.account().agent() ? null : user.account();
    }

    /** Everyone in the file, as it was last read. */
    public KnownSubjects known() {
        return UsersReader.known(directory.get().users);
    }

    @Override
    public void close() {
        directory.close();
    }

    private static byte[] randomBytes() {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }
}
