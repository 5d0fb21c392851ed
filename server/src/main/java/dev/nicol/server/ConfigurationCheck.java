package dev.nicol.server;

import dev.nicol.adapters.Catalog;
import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.masks.MaskChecks;
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
import dev.nicol.server.identity.OidcCheck;
import dev.nicol.server.identity.OidcSettings;
import dev.nicol.server.identity.UsersReader;
import dev.nicol.server.wire.KeyFiles;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What {@code nicol check} says: everything that is wrong with a configuration, without starting a server. */
final class ConfigurationCheck {
    private ConfigurationCheck() {}

    /** What is wrong with sources, users and policies of a configuration that reads well; empty when nothing is. */
    static List<String> problems(NicolConfig config) {
        return problems(config, new ArrayList<>());
    }

    /** @param warnings takes what is no problem and was found on the way */
    static List<String> problems(NicolConfig config, List<String> warnings) {
        List<String> problems = new ArrayList<>(unsupported(config));
        NicolConfig.Tls tls = config.server().tls();
        if (tls != null) {
            collect(problems, () -> {
                KeyFiles.check(tls, Instant.now());
                return tls;
            });
        }
        for (SinkSettings sink : config.sinks()) {
            String reason = Deliveries.unreachable(sink);
            if (reason != null) {
                problems.add(config.file() + ": sink `" + sink.name() + "` cannot be reached (" + reason
                        + ") — start it, or correct where it is");
            }
        }
        OidcSettings issuer = config.identity().oidc();
        if (issuer != null) {
            OidcCheck.problems(issuer).forEach(problem -> problems.add(config.file() + ": identity.oidc: " + problem));
        }
        List<Source> sources = config.sources().stream().map(Source::new).toList();
        MaskChecks checks = new MaskChecks(() -> masks(policies(config)), (source, problem) -> {});
        try (Catalog catalog = new Catalog(sources, Catalog.DEFAULT_REFRESH, checks)) {
            CatalogSnapshot snapshot = catalog.snapshot();
            snapshot.sources().values().stream()
                    .filter(source -> source.unavailable() != null)
                    .forEach(source -> problems.add(config.file() + ": " + source.unavailable()));
            problems.addAll(missingPlaces(config, snapshot));
            ViewCheck views = ViewCheck.of(config, snapshot);
            problems.addAll(views.problems());
            warnings.addAll(views.warnings());
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

    /** Schemas that are to keep rows of materialised views, and are not there. */
    private static List<String> missingPlaces(NicolConfig config, CatalogSnapshot snapshot) {
        List<String> missing = new ArrayList<>();
        config.materializedViews().forEach((name, schema) -> {
            SourceCatalog source = snapshot.sources().get(name);
            if (source != null
                    && source.unavailable() == null
                    && !source.schemas().contains(schema)) {
                missing.add(config.file() + ": materialized_views: source `" + name + "` has no schema `" + schema
                        + "`, or its login does not see it — create it, or name one of " + source.schemas());
            }
        });
        return missing;
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

    /** What is no problem today. */
    static List<String> warnings(NicolConfig config) {
        List<String> warnings = new ArrayList<>();
        NicolConfig.Tls tls = config.server().tls();
        if (tls != null) {
            warnings.addAll(KeyFiles.warnings(tls, Instant.now()));
        } else if (!isLoopback(config.server().host())) {
            warnings.add(config.file() + ": passwords and rows travel in the clear (`server.plain_http: allow`) — see"
                    + " that nobody but a proxy that ends TLS reaches this address");
        }
        return warnings;
    }

    /** Whether nobody but this machine reaches the address, whatever a name resolves to. */
    private static boolean isLoopback(String host) {
        try {
            return Arrays.stream(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
        } catch (UnknownHostException unknown) {
            return false;
        }
    }

    /** What the configuration asks for and this version does not do, silently least of all. */
    static List<String> unsupported(NicolConfig config) {
        List<String> problems = new ArrayList<>();
        NicolConfig.Endpoint server = config.server();
        if (server.tls() == null && !server.plainHttp() && !isLoopback(server.host())) {
            problems.add(config.file() + ": `server.host` is `" + server.host() + "`, which is not this machine alone,"
                    + " and there is no `server.tls`: passwords and rows would travel in the clear — add `server.tls`,"
                    + " listen on 127.0.0.1, or, behind a proxy that ends TLS, say `server.plain_http: allow`");
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
