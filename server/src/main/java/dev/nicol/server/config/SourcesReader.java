package dev.nicol.server.config;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.policy.YamlNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the {@code sources} of a configuration. */
final class SourcesReader {
    /** Each kind with the JDBC URLs it takes. */
    private static final Map<String, List<String>> URL_PREFIXES = new LinkedHashMap<>();

    static {
        URL_PREFIXES.put("postgresql", List.of("jdbc:postgresql:"));
        URL_PREFIXES.put("mysql", List.of("jdbc:mariadb:", "jdbc:mysql:"));
        URL_PREFIXES.put("h2", List.of("jdbc:h2:"));
        URL_PREFIXES.put("duckdb", List.of("jdbc:duckdb:"));
    }

    private static final List<String> KEYS = List.of(
            "kind",
            "url",
            "user",
            "password",
            "environment",
            "credentials",
            "logins",
            "roles",
            "properties",
            "max_connections",
            "max_connections_per_login");
    private static final List<String> ENVIRONMENTS = List.of("development", "staging", "production");
    private static final List<String> RESERVED = List.of("nicol", "virtual");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");
    private static final int MAX_CONNECTIONS = 1000;

    private final Path directory;
    private final Function<String, @Nullable String> environmentVariables;
    private final Map<String, String> namesByLowerCase = new HashMap<>();

    SourcesReader(Path directory, Function<String, @Nullable String> environmentVariables) {
        this.directory = directory;
        this.environmentVariables = environmentVariables;
    }

    List<SourceDefinition> read(@Nullable YamlNode sources) {
        List<SourceDefinition> definitions = new ArrayList<>();
        if (sources != null) {
            for (String name : sources.entries().keySet()) {
                YamlNode node = sources.section(name);
                if (node != null) {
                    definitions.add(source(name, node));
                }
            }
        }
        return definitions;
    }

    private SourceDefinition source(String name, YamlNode node) {
        checkName(name, node);
        node.only(KEYS);
        node.required("kind");
        String kind = node.word("kind", URL_PREFIXES.keySet());
        String url = node.requiredText("url");
        YamlNode urlPlace = node.child("url");
        if (kind != null && urlPlace != null && !url.isEmpty()) {
            List<String> prefixes = URL_PREFIXES.getOrDefault(kind, List.of());
            if (prefixes.stream().noneMatch(url::startsWith)) {
                urlPlace.problem("the `url` of kind `" + kind + "` must begin with " + String.join(" or ", prefixes)
                        + " — correct it");
            }
        }
        node.required("environment");
        String environment = node.word("environment", ENVIRONMENTS);
        int maxConnections =
                (int) node.integer("max_connections", SourceDefinition.DEFAULT_MAX_CONNECTIONS, 1, MAX_CONNECTIONS);
        return new SourceDefinition(
                name,
                kind == null ? "" : kind,
                JdbcUrls.resolve(url, directory),
                node.text("user"),
                node.text("password"),
                environment == null ? "" : environment,
                node.textMap("properties"),
                maxConnections,
                new CredentialsReader(directory, environmentVariables).read(node, kind, url, maxConnections));
    }

    private void checkName(String name, YamlNode node) {
        if (!NAME.matcher(name).matches()) {
            node.problem("a source cannot be named `" + name
                    + "` — use at most 63 letters, digits and `_`, not beginning with a digit");
        } else if (RESERVED.contains(name.toLowerCase(Locale.ROOT))) {
            node.problem("a source cannot be named `" + name + "`, the name is Nicol's own — use another");
        }
        String earlier = namesByLowerCase.putIfAbsent(name.toLowerCase(Locale.ROOT), name);
        if (earlier != null) {
            node.problem("the sources `" + earlier + "` and `" + name
                    + "` differ in case only, and SQL would not tell them apart — rename one");
        }
    }
}
