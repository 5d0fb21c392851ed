package dev.nicol.server;

import dev.nicol.adapters.Catalog;
import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.policy.HotReload;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.PolicyCheck;
import dev.nicol.policy.PolicyReader;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.PolicySource;
import dev.nicol.policy.Problem;
import dev.nicol.policy.Problems;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.check.CatalogueCheck;
import dev.nicol.policy.check.KnownSubjects;
import dev.nicol.policy.classify.Classifications;
import dev.nicol.policy.classify.Detectors;
import dev.nicol.server.audit.PolicyRecords;
import dev.nicol.server.audit.StoreAuditTrail;
import dev.nicol.server.catalog.PolicyGround;
import dev.nicol.server.catalog.VirtualSchemas;
import dev.nicol.server.pipeline.Pipelines;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The policy set of the files: held against the catalogue and the users before it is put in force, recorded before it is
 * put in force, and held against a source's tables once more when that answers for the first time.
 */
final class LoadedPolicies implements Supplier<PolicySet>, AutoCloseable {
    /** Problems that one message to a client repeats; the log and the trail have all of them. */
    private static final int PROBLEMS_TOLD = 50;

    private static final String LOAD_FAILED = "policy_load_failed";
    private static final String CHECK_FAILED = "policy_check_failed";
    private static final String SYSTEM = "nicol";
    private static final Logger LOG = LoggerFactory.getLogger(LoadedPolicies.class);

    private final Ground ground;
    private final StoreAuditTrail trail;
    private final PolicySource files;
    private final ExecutorService rechecks = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "nicol-policy-check");
        thread.setDaemon(true);
        return thread;
    });
    private volatile boolean started;

    /** Sources whose tables the set in force was not held against. */
    private volatile Set<String> unverified = Set.of();

    /** What policies are held against. */
    record Ground(
            Catalog catalog,
            VirtualSchemas virtualSchemas,
            Function<CatalogSnapshot, Classifications> classifications,
            Supplier<@Nullable KnownSubjects> subjects,
            Clock clock) {
        private PolicyCheck check(CatalogSnapshot snapshot) {
            return LoadedPolicies.check(
                    snapshot, virtualSchemas.state(), classifications.apply(snapshot), subjects.get(), clock);
        }
    }

    /** @throws ProblemsException when the files cannot be put in force; that is recorded too */
    LoadedPolicies(Path directory, Ground ground, StoreAuditTrail trail) {
        this.ground = ground;
        this.trail = trail;
        try {
            this.files = new PolicySource(directory, HotReload.DEFAULT_POLL_INTERVAL, this::read, this::loaded);
        } catch (ProblemsException refused) {
            rechecks.shutdownNow();
            trail.event(LOAD_FAILED, SYSTEM, "no policy is in force; refused:\n" + lines(refused.problems()));
            throw refused;
        }
        this.started = true;
        ground.catalog().addListener(this::sourcesChanged);
        sourcesChanged(ground.catalog().snapshot());
    }

    /** The check of a policy set, for whoever has no server. */
    static PolicyCheck check(
            CatalogSnapshot snapshot,
            VirtualSchemas.@Nullable State views,
            Classifications tags,
            @Nullable KnownSubjects subjects,
            Clock clock) {
        return new CatalogueCheck(
                PolicyGround.of(snapshot, views, tags, Pipelines.sqlReader()), subjects, Detectors.entities(), clock);
    }

    private PolicySet read(Path directory) {
        CatalogSnapshot snapshot = ground.catalog().snapshot();
        PolicySet set;
        try {
            set = PolicyReader.read(directory, ground.check(snapshot));
        } catch (ProblemsException refused) {
            if (!started) {
                throw refused;
            }
            // a table that is new at its source is not in the catalogue before its next refresh
            snapshot = ground.catalog().refresh();
            set = PolicyReader.read(directory, ground.check(snapshot));
        }
        publish(set, started ? "reload" : "server start");
        unverified = PolicyGround.unread(snapshot);
        return set;
    }

    private void publish(PolicySet set, String by) {
        new PolicyRecords(trail)
                .publish(
                        set.version(),
                        set.rules().stream()
                                .map(rule -> new PolicyRecords.PublishedRule(
                                        rule.name(), PolicySet.kind(rule), PolicySet.definition(rule)))
                                .toList(),
                        by);
    }

    private void loaded(HotReload.Load<PolicySet> load) {
        if (load.succeeded()) {
            // masks that are new are run on every source
            ground.catalog().refresh();
        } else {
            trail.event(
                    LOAD_FAILED,
                    SYSTEM,
                    "policy version " + load.inForce().version() + " stays in force; refused:\n"
                            + lines(load.problems()));
        }
    }

    /** Must not block: it is called by the catalogue's own thread. */
    private void sourcesChanged(CatalogSnapshot snapshot) {
        Set<String> answered = new HashSet<>(unverified);
        answered.removeAll(PolicyGround.unread(snapshot));
        if (!answered.isEmpty()) {
            rechecks.execute(() -> recheck(answered));
        }
    }

    /** The set stays in force: what its rules cannot be applied to is closed by enforcement, and this says why. */
    private void recheck(Set<String> answered) {
        try {
            CatalogSnapshot snapshot = ground.catalog().snapshot();
            Problems problems = new Problems();
            PolicySet set = files.get();
            ground.check(snapshot).check(set, problems);
            unverified = PolicyGround.unread(snapshot);
            if (!problems.isEmpty()) {
                problems.list().forEach(problem -> LOG.error("the policy in force is wrong: {}", problem));
                trail.event(
                        CHECK_FAILED,
                        SYSTEM,
                        "policy version " + set.version() + ", found when " + answered + " answered:\n"
                                + lines(problems.list()));
            }
        } catch (RuntimeException failure) {
            LOG.error("the policy in force could not be checked against {}", answered, failure);
        }
    }

    @Override
    public PolicySet get() {
        return files.get();
    }

    /**
     * Reads the catalogue, then the view files, which may read tables that are new in it, and then the policy files.
     *
     * @param refresh reads the catalogue
     * @param views null where there are no view files
     * @param userName who asked for it
     * @return what was read, with the problems of view files: the earlier views stay in force
     * @throws dev.nicol.policy.NicolException {@code NOT_PERMITTED} with the problems of policy files; the old set stays in force
     */
    String reload(Runnable refresh, @Nullable LoadedViews views, String userName) {
        refresh.run();
        List<Problem> ofViews = views == null ? List.of() : views.reload();
        HotReload.Load<PolicySet> load = files.reload();
        if (!load.succeeded()) {
            throw NicolError.NOT_PERMITTED.because("The policy files have problems, and policy version "
                    + load.inForce().version() + " stays in force. Mend them and reload again:\n"
                    + told(load.problems()));
        }
        String version = "policy version " + load.inForce().version();
        trail.event("reload", userName, version);
        return "reloaded; " + version
                + (ofViews.isEmpty()
                        ? ""
                        : "; the view files have problems, and the earlier views stay in force:\n" + told(ofViews));
    }

    private static String told(List<Problem> problems) {
        int left = problems.size() - PROBLEMS_TOLD;
        return lines(problems.subList(0, Math.min(PROBLEMS_TOLD, problems.size())))
                + (left > 0 ? "\nand " + left + " more; `nicol check` prints all" : "");
    }

    private static String lines(List<Problem> problems) {
        return problems.stream().map(Problem::toString).collect(Collectors.joining("\n"));
    }

    @Override
    public void close() {
        files.close();
        rechecks.shutdownNow();
    }
}
