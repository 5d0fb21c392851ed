package dev.nicol.server.audit;

import dev.nicol.policy.NicolError;
import java.nio.file.Path;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Which keys a store's servers work with: one that works with another would see other values, and is not started. */
public final class KeyRecords {
    private final Store store;
    private final StoreAuditTrail trail;

    public KeyRecords(Store store, StoreAuditTrail trail) {
        this.store = store;
        this.trail = trail;
    }

    /** Whether a server has worked with a key of that name. */
    public boolean isKnown(String name) {
        return store.<Optional<String>, RuntimeException>read(handle -> fingerprint(handle, name))
                .isPresent();
    }

    /**
     * Records the key, where it is the first.
     *
     * @param fingerprint of the key, from which nothing of it can be told
     * @throws dev.nicol.policy.NicolException where the store's servers work with another one
     */
    public void require(String name, String fingerprint, Path file) {
        String inUse = trail.<@Nullable String>record(transaction -> {
            Optional<String> recorded = fingerprint(transaction.handle(), name);
            if (recorded.isEmpty()) {
                transaction
                        .handle()
                        .execute(
                                "INSERT INTO internal.key_fingerprints (name, fingerprint) VALUES (?, ?)",
                                name,
                                fingerprint);
                transaction.event("key", transaction.server(), "the first " + name + " key of this store");
            }
            return recorded.orElse(null);
        });
        if (inUse != null && !inUse.equals(fingerprint)) {
            throw NicolError.NOT_PERMITTED.because("`" + file + "` is not the " + name
                    + " key that this store's servers work with: with another one, values do not match any more. Copy it"
                    + " from a server of the store, or from a backup.");
        }
    }

    private static Optional<String> fingerprint(Handle handle, String name) {
        return handle.createQuery("SELECT fingerprint FROM internal.key_fingerprints WHERE name = :name")
                .bind("name", name)
                .mapTo(String.class)
                .findOne();
    }
}
