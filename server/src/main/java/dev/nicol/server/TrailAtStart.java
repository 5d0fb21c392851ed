package dev.nicol.server;

import dev.nicol.server.audit.ChainAtStart;
import dev.nicol.server.audit.Checkpoints;
import dev.nicol.server.audit.Store;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.audit.TrailSettings;
import dev.nicol.server.config.NicolConfig;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/** The audit trail, opened once its chain is verified. */
final class TrailAtStart {
    private static final String ITSELF = "nicol";

    private TrailAtStart() {}

    static StoreAuditTrail open(NicolConfig config, Store store, Clock clock, boolean acceptBrokenChain) {
        Path signed = config.audit().checkpoints();
        String broken =
                ChainAtStart.verify(store, signed == null ? null : signed.resolve(store.server()), acceptBrokenChain);
        TrailSettings settings = TrailSettings.DEFAULT.withFsyncIntervalMs(
                config.audit().fsyncInterval().toMillis());
        StoreAuditTrail opened = StoreAuditTrail.open(store, settings, clock);
        if (broken != null) {
            try {
                ChainAtStart.record(opened, ITSELF, broken);
            } catch (RuntimeException | Error unrecorded) {
                opened.close();
                throw unrecorded;
            }
        }
        return opened;
    }

    /** None where the configuration names no directory for them. */
    static List<Checkpoints> checkpoints(NicolConfig config, Store store, StoreAuditTrail trail, Clock clock) {
        Path directory = config.audit().checkpoints();
        return directory == null
                ? List.of()
                : List.of(Checkpoints.open(
                        directory.resolve(store.server()),
                        store.checkpointKey(),
                        config.audit().checkpointInterval().toMillis(),
                        trail,
                        clock,
                        problem -> trail.event("checkpoint_failed", ITSELF, problem)));
    }
}
