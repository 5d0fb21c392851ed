package dev.nicol.server;

import dev.nicol.adapters.Catalog;
import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.MaskChecks;
import dev.nicol.adapters.Source;
import dev.nicol.policy.PolicyReader;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Problem;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.check.KnownSubjects;
import dev.nicol.policy.classify.Classifications;
import dev.nicol.policy.mask.Mask;
import dev.nicol.policy.mask.MaskRule;
import dev.nicol.server.config.NicolConfig;
import dev.nicol.server.delivery.Deliveries;
import dev.nicol.server.delivery.SinkSettings;
import dev.nicol.server.identity.UsersReader;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What {@code nicol check} says: everything that is wrong with a configuration, without starting a server. */
final class ConfigurationCheck {
    private ConfigurationCheck() {}

    /** What is wrong with sources, users and policies of a configuration that reads well; empty when nothing is. */
    static List<String> problems(NicolConfig config) {
        List<String> problems = new ArrayList<>(unsupported(config));
        for (SinkSettings sink : config.sinks()) {
            String reason = Deliveries.unreachable(sink);
            if (reason != null) {
                problems.add(config.file() + ": sink `" + sink.name() + "` cannot be reached (" + reason
                        + ") — start it, or correct where it is");
            }
        }
        List<Source> sources = config.sources().stream().map(Source::new).toList();
        MaskChecks checks = new MaskChecks(() -> masks(policies(config)), (source, problem) -> {});
        try (Catalog catalog = new Catalog(sources, Catalog.DEFAULT_REFRESH, checks)) {
            CatalogSnapshot snapshot = catalog.snapshot();
            snapshot.sources().values().stream()
                    .filter(source -> source.unavailable() != null)
                    .forEach(source -> problems.add(config.file() + ": " + source.unavailable()));
            KnownSubjects subjects = subjects(config, problems);
            Classifications untagged = new Classifications(0, Map.of(), Map.of());
            // tags, and views that were created in SQL, are in the store, which a running server has to itself
            collect(
                    problems,
                    () -> PolicyReader.read(
                            config.policies(),
                            LoadedPolicies.check(snapshot, null, untagged, subjects, Clock.systemUTC())));
        }
        return problems;
    }

    /** Null where they cannot be listed. */
    private static @Nullable KnownSubjects subjects(NicolConfig config, List<String> problems) {
        Path users = config.identity().users();
        KnownSubjects listed = users == null ? null : collect(problems, () -> UsersReader.subjects(users));
        return config.identity().oidc() == null ? listed : null;
    }

    private static <T> @Nullable T collect(List<String> problems, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (ProblemsException refused) {
            refused.problems().stream().map(Problem::toString).forEach(problems::add);
            return null;
        }
    }

    /** What the configuration asks for and this version would silently not do. */
    static List<String> unsupported(NicolConfig config) {
        List<String> problems = new ArrayList<>();
        if (config.server().tls() != null) {
            problems.add(
                    config.file() + ": server.tls is not supported yet — remove it and listen on loopback, behind a"
                            + " proxy that ends TLS");
        }
        return problems;
    }

    /** The policy as far as it can be read; what is wrong with it is told elsewhere. */
    private static PolicySet policies(NicolConfig config) {
        try {
            return PolicyReader.read(config.policies());
        } catch (ProblemsException toldElsewhere) {
            return PolicySet.EMPTY;
        }
    }

    static List<Mask> masks(PolicySet policies) {
        return policies.maskRules().stream().map(MaskRule::mask).distinct().toList();
    }
}
