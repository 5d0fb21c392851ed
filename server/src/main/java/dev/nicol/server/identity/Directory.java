package dev.nicol.server.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import dev.nicol.policy.NicolError;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.client.ClientBuilder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.keycloak.OAuth2Constants;
import org.keycloak.admin.client.Keycloak;
import org.keycloak.admin.client.KeycloakBuilder;
import org.keycloak.admin.client.resource.RealmResource;
import org.keycloak.admin.client.resource.UserResource;
import org.keycloak.representations.idm.GroupRepresentation;
import org.keycloak.representations.idm.RoleRepresentation;
import org.keycloak.representations.idm.UserRepresentation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keycloak's users with their groups, roles and attributes as they are now, read through its admin API and believed for a
 * while. A token tells what was true when it was issued; this tells what has been taken away since.
 */
final class Directory implements AutoCloseable {
    /** Most users kept. */
    static final int MAX_USERS = 50_000;

    /** How long a user who is known goes on while Keycloak does not answer, in minutes. */
    static final long OUTAGE_MIN = 15;

    /** How long Keycloak is left alone after it did not answer, in milliseconds. */
    static final long PAUSE_MS = 2_000;

    private static final int LOCKS = 64;
    private static final Logger LOG = LoggerFactory.getLogger(Directory.class);

    private final Keycloak keycloak;
    private final RealmResource realm;
    private final long cacheNanos;
    private final Ticker ticker = Ticker.systemTicker();
    private final Cache<String, Entry> entries;

    /** Two requests for one user read once; requests for others hardly ever wait for it. */
    private final Lock[] locks =
            Stream.generate(ReentrantLock::new).limit(LOCKS).toArray(Lock[]::new);

    private volatile long pausedUntil = ticker.read();

    /** Who is in the directory. Nested groups are named by their path, {@code parent/child}. */
    record Person(
            String name, boolean enabled, Set<String> groups, Set<String> roles, Map<String, String> attributes) {}

    /** @param person null: there is none */
    private record Entry(@Nullable Person person, long readAt) {}

    Directory(OidcSettings.Directory settings) {
        this.keycloak = KeycloakBuilder.builder()
                .serverUrl(settings.url())
                .realm(settings.realm())
                .grantType(OAuth2Constants.CLIENT_CREDENTIALS)
                .clientId(settings.client().id())
                .clientSecret(settings.client().secret())
                .resteasyClient(ClientBuilder.newBuilder()
                        .connectTimeout(IssuerMetadata.CONNECT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                        .readTimeout(IssuerMetadata.READ_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                        .build())
                .build();
        this.realm = keycloak.realm(settings.realm());
        this.cacheNanos = settings.cache().toNanos();
        this.entries = Caffeine.newBuilder()
                .maximumSize(MAX_USERS)
                .expireAfterWrite(OUTAGE_MIN, TimeUnit.MINUTES)
                .build();
    }

    /**
     * The user with that id of the issuer's; null where there is none.
     *
     * @throws dev.nicol.policy.NicolException {@code NOT_AUTHENTICATED} where Keycloak does not answer and did not lately
     */
    @Nullable
    Person byId(String id) {
        return known("id " + id, () -> {
            try {
                UserResource user = realm.users().get(id);
                return person(user, user.toRepresentation());
            } catch (NotFoundException nobody) {
                return null;
            }
        });
    }

    /** The user of that name, as {@link #byId}. */
    @Nullable
    Person byName(String name) {
        return known("name " + name, () -> {
            List<UserRepresentation> found = realm.users().searchByUsername(name, true);
            return found.isEmpty()
                    ? null
                    : person(realm.users().get(found.get(0).getId()), found.get(0));
        });
    }

    private @Nullable Person known(String key, Supplier<@Nullable Person> reading) {
        Entry entry = entries.getIfPresent(key);
        if (entry != null && ticker.read() - entry.readAt < cacheNanos) {
            return entry.person;
        }
        Lock lock = locks[Math.floorMod(key.hashCode(), LOCKS)];
        lock.lock();
        try {
            Entry meanwhile = entries.getIfPresent(key);
            if (meanwhile != null && ticker.read() - meanwhile.readAt < cacheNanos) {
                return meanwhile.person;
            }
            return read(key, reading, meanwhile);
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Person read(String key, Supplier<@Nullable Person> reading, @Nullable Entry stale) {
        if (ticker.read() - pausedUntil >= 0) {
            try {
                Entry fresh = new Entry(reading.get(), ticker.read());
                entries.put(key, fresh);
                return fresh.person;
            } catch (RuntimeException failure) {
                LOG.warn(
                        "the directory does not answer ({})", failure.getClass().getName());
                pausedUntil = ticker.read() + TimeUnit.MILLISECONDS.toNanos(PAUSE_MS);
            }
        }
        if (stale != null) {
            return stale.person;
        }
        throw NicolError.NOT_AUTHENTICATED.because("the directory of users does not answer");
    }

    private static Person person(UserResource user, UserRepresentation found) {
        Map<String, String> attributes = new HashMap<>();
        Map<String, List<String>> all = found.getAttributes();
        if (all != null) {
            all.forEach((name, values) ->
                    attributes.put(name, values.stream().sorted().collect(Collectors.joining(","))));
        }
        return new Person(
                found.getUsername(),
                Boolean.TRUE.equals(found.isEnabled()),
                user.groups().stream()
                        .map(GroupRepresentation::getPath)
                        .map(path -> path.startsWith("/") ? path.substring(1) : path)
                        .collect(Collectors.toSet()),
                user.roles().realmLevel().listEffective().stream()
                        .map(RoleRepresentation::getName)
                        .collect(Collectors.toSet()),
                attributes);
    }

    @Override
    public void close() {
        keycloak.close();
    }
}
