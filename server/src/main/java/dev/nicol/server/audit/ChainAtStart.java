package dev.nicol.server.audit;

import dev.nicol.policy.NicolError;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is verified of a server's chain before the server goes on with it: its head, its last events with their rows, that
 * it meets the last signed checkpoint, and that the store's views are as they were made. All of it is walked by {@link AuditVerifier}, which takes longer the longer
 * the chain is.
 */
public final class ChainAtStart {
    /** Events at the end of the chain that are verified at every start. */
    static final int VERIFIED_EVENTS = 1_000;

    /** The event that a start over a broken chain leaves; what is before it is not verified again at a start. */
    static final String ACCEPTED = "broken_chain_accepted";

    private static final Logger LOG = LoggerFactory.getLogger(ChainAtStart.class);

    private ChainAtStart() {}

    /**
     * Verifies the end of the store's own chain.
     *
     * @param checkpoints the directory of this server's checkpoints; null: none are written
     * @param accept whether the server is to go on with a chain that is broken
     * @return what is wrong with it and accepted, to be recorded by {@link #record}; null where nothing is
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where it is broken and that is not accepted
     */
    public static @Nullable String verify(Store store, @Nullable Path checkpoints, boolean accept) {
        String problem = store.unread();
        if (problem == null) {
            problem = problem(store, checkpoints, VERIFIED_EVENTS);
        }
        if (problem == null) {
            return null;
        }
        LOG.error("The chain of server `{}` does not verify: {}", store.server(), problem);
        if (!accept) {
            throw NicolError.TRAIL_UNAVAILABLE.because("The audit trail of server `" + store.server()
                    + "` does not verify, so nothing was started: " + problem + ". Keep a copy of the store for the"
                    + " auditors; then restore a backup, or start with --accept-broken-chain, which is recorded.");
        }
        try {
            store.acceptBroken();
        } catch (SQLException failure) {
            throw NicolError.TRAIL_UNAVAILABLE.because(
                    "The store cannot be brought in order, so nothing was started: " + problem + ".",
                    String.valueOf(failure.getMessage()),
                    failure);
        }
        return problem;
    }

    /** Records that the server goes on with a broken chain; throws where that cannot be recorded. */
    public static void record(StoreAuditTrail trail, String userName, String problem) {
        trail.event(ACCEPTED, userName, problem);
    }

    /** @param events how many of the last are verified */
    static @Nullable String problem(Store store, @Nullable Path checkpoints, int events) {
        List<Checkpoint> signed;
        try {
            Checkpoint last = checkpoints == null ? null : Checkpoints.last(checkpoints);
            signed = last == null ? List.of() : List.of(last);
        } catch (IOException | GeneralSecurityException unreadable) {
            return "the last checkpoint in " + checkpoints + " is not to be trusted: " + unreadable.getMessage();
        }
        try {
            AuditVerifier.Chain chain = AuditVerifier.atOneMoment(
                    store, connection -> PartialWalk.ofTheEnd(connection, store.server(), signed, events));
            return chain.problem() == null
                    ? AuditVerifier.<@Nullable String>atOneMoment(store, StoreViews::problem)
                    : "event " + chain.brokenId() + ": " + chain.problem();
        } catch (SQLException failure) {
            LOG.error("The chain could not be read", failure);
            return "it cannot be read";
        }
    }
}
