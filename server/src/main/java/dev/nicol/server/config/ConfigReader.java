package dev.nicol.server.config;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.federation.JoinKeyBounds;
import dev.nicol.policy.Problems;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.YamlDocument;
import dev.nicol.policy.YamlNode;
import dev.nicol.server.delivery.SinkSettings;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads {@code nicol.yaml} and tells everything that is wrong with it at once. */
public final class ConfigReader {
    private static final List<String> SECTIONS = List.of(
            "server",
            "store",
            "identity",
            "sources",
            "policies",
            "views",
            "materialized_views",
            "limits",
            "classification",
            "audit",
            "lineage",
            "webhooks");

    private final Path file;
    private final Path directory;
    private final Function<String, @Nullable String> environment;
    private final Problems problems = new Problems();

    private ConfigReader(Path file, Function<String, @Nullable String> environment) {
        this.file = file;
        this.environment = environment;
        Path parent = file.toAbsolutePath().normalize().getParent();
        this.directory = parent == null ? file.toAbsolutePath() : parent;
    }

    /**
     * Reads the file; {@code ${NAME}} comes from the process's environment.
     *
     * @throws ProblemsException with every problem, each with its line
     */
    public static NicolConfig read(Path file) {
        return read(file, System::getenv);
    }

    /** The same with another environment; it answers null for a variable that is not set. */
    public static NicolConfig read(Path file, Function<String, @Nullable String> environment) {
        ConfigReader reader = new ConfigReader(file, environment);
        YamlNode root = YamlDocument.read(file, reader.problems, environment);
        NicolConfig config = root == null ? null : reader.config(root);
        reader.problems.throwIfAny();
        if (config == null) {
            throw new IllegalStateException("a file that cannot be used has a problem");
        }
        return config;
    }

    private @Nullable NicolConfig config(YamlNode root) {
        root.only(SECTIONS);
        NicolConfig.Endpoint endpoint = new ServerReader(directory).read(root.section("server"));
        NicolConfig.Store store = store(root.section("store"));
        root.required("identity");
        NicolConfig.Identity identity = new IdentityReader(directory).read(root.section("identity"));
        List<SourceDefinition> sources = new SourcesReader(directory, environment).read(root.section("sources"));
        Path policies = directory(root, "policies", "policies");
        if (policies == null && !root.has("policies")) {
            problems.add(
                    file,
                    root.line(),
                    "the directory `policies` is missing beside this file — create it, or name another"
                            + " with `policies:`");
        }
        Path views = directory(root, "views", "views");
        Map<String, String> places = places(root.section("materialized_views"), sources);
        NicolConfig.Limits limits = limits(root.section("limits"));
        NicolConfig.Classification classification = classification(root.section("classification"));
        NicolConfig.Audit audit = audit(root.section("audit"));
        List<SinkSettings> sinks =
                new SinksReader(directory).read(root.section("audit"), root.section("lineage"), root.list("webhooks"));
        if (store == null || identity == null || policies == null || !problems.isEmpty()) {
            return null;
        }
        return new NicolConfig(
                file.toAbsolutePath().normalize(),
                endpoint,
                store,
                identity,
                sources,
                policies,
                views,
                places,
                limits,
                classification,
                audit,
                sinks);
    }

    /** Sources to the schemas in which rows of materialised views may be kept. */
    private static Map<String, String> places(@Nullable YamlNode node, List<SourceDefinition> sources) {
        Map<String, String> places = new LinkedHashMap<>();
        if (node != null) {
            node.only(sources.stream().map(SourceDefinition::name).toList());
            for (SourceDefinition source : sources) {
                String schema = node.text(source.name());
                if (schema != null) {
                    places.put(source.name(), schema);
                }
            }
        }
        return places;
    }

    private NicolConfig.@Nullable Store store(@Nullable YamlNode node) {
        String defaultUrl = JdbcUrls.resolve(NicolConfig.Store.DEFAULT_URL, directory);
        if (node == null) {
            return new NicolConfig.Store(defaultUrl, null, null, null, null, null);
        }
        node.only(List.of("url", "user", "password", "reader_user", "reader_password", "keys"));
        String url = node.text("url");
        YamlNode place = node.child("url");
        if (url != null
                && place != null
                && NicolConfig.Store.URL_PREFIXES.stream().noneMatch(url::startsWith)) {
            place.problem("the store's `url` must begin with one of "
                    + String.join(", ", NicolConfig.Store.URL_PREFIXES) + " — correct it");
            return null;
        }
        Path keys = path(node, "keys");
        if (keys == null && url != null && url.startsWith(NicolConfig.Store.POSTGRESQL)) {
            node.required("user");
            keys = directory.resolve(NicolConfig.Store.DEFAULT_KEYS);
        }
        return new NicolConfig.Store(
                url == null ? defaultUrl : JdbcUrls.resolve(url, directory),
                node.text("user"),
                node.text("password"),
                node.text("reader_user"),
                node.text("reader_password"),
                keys);
    }

    private static NicolConfig.Limits limits(@Nullable YamlNode node) {
        NicolConfig.Limits defaults = NicolConfig.Limits.DEFAULTS;
        if (node == null) {
            return defaults;
        }
        node.only(List.of(
                "statement_timeout_s",
                "max_rows_in_memory",
                "statement_memory_mb",
                "server_memory_mb",
                "max_result_rows",
                "max_join_keys",
                "join_keys_from_rows",
                "max_connections",
                "max_connections_per_user",
                "max_statements_per_connection",
                "max_statements_running",
                "max_statements_running_per_user",
                "max_statements_waiting",
                "queue_timeout_s",
                "idle_timeout_s",
                "drain_timeout_s",
                "plan_cache_mb"));
        return new NicolConfig.Limits(
                seconds(node, "statement_timeout_s", defaults.statementTimeout(), 1),
                node.integer("max_rows_in_memory", defaults.maxRowsInMemory(), 1, NicolConfig.Limits.MAX_ROWS),
                memory(node, "statement_memory_mb", defaults.statementMemoryMb()),
                memory(node, "server_memory_mb", defaults.serverMemoryMb()),
                node.integer("max_result_rows", defaults.maxResultRows(), 0, NicolConfig.Limits.MAX_ROWS),
                new JoinKeyBounds(
                        (int) node.integer("max_join_keys", defaults.joinKeys().most(), 0, JoinKeyBounds.MOST),
                        node.integer(
                                "join_keys_from_rows", defaults.joinKeys().fromRows(), 0, NicolConfig.Limits.MAX_ROWS)),
                count(node, "max_connections", defaults.maxConnections()),
                count(node, "max_connections_per_user", defaults.maxConnectionsPerUser()),
                count(node, "max_statements_per_connection", defaults.maxStatementsPerConnection()),
                seconds(node, "idle_timeout_s", defaults.idleTimeout(), 1),
                seconds(node, "drain_timeout_s", defaults.drainTimeout(), 0),
                (int) node.integer("plan_cache_mb", defaults.planCacheMb(), 0, NicolConfig.Limits.MAX_CACHE_MB),
                queue(node));
    }

    private static NicolConfig.Queue queue(YamlNode node) {
        NicolConfig.Queue defaults = NicolConfig.Queue.DEFAULTS;
        int most = NicolConfig.Queue.MAX_STATEMENTS;
        int running = (int) node.integer("max_statements_running", defaults.running(), 1, most);
        return new NicolConfig.Queue(
                running,
                (int) node.integer(
                        "max_statements_running_per_user", Math.min(defaults.runningPerUser(), running), 1, most),
                (int) node.integer("max_statements_waiting", defaults.waiting(), 0, most),
                seconds(node, "queue_timeout_s", defaults.timeout(), 1));
    }

    private static int memory(YamlNode node, String key, int otherwise) {
        return (int) node.integer(key, otherwise, 1, NicolConfig.Limits.MAX_MEMORY_MB);
    }

    private static int count(YamlNode node, String key, int otherwise) {
        return (int) node.integer(key, otherwise, 1, NicolConfig.Limits.MAX_COUNT);
    }

    private static Duration seconds(YamlNode node, String key, Duration otherwise, int min) {
        return Duration.ofSeconds(node.integer(key, otherwise.toSeconds(), min, NicolConfig.Limits.MAX_SECONDS));
    }

    private static NicolConfig.Classification classification(@Nullable YamlNode node) {
        NicolConfig.Classification defaults = NicolConfig.Classification.DEFAULTS;
        if (node == null) {
            return defaults;
        }
        node.only(List.of("sample_rows", "mask_by_default"));
        return new NicolConfig.Classification(
                (int) node.integer("sample_rows", defaults.sampleRows(), 0, NicolConfig.Classification.MAX_SAMPLE_ROWS),
                node.bool("mask_by_default", defaults.maskByDefault()));
    }

    private NicolConfig.Audit audit(@Nullable YamlNode node) {
        if (node == null) {
            return NicolConfig.Audit.DEFAULTS;
        }
        node.only(List.of(
                "retention",
                "keep",
                "checkpoints",
                "checkpoint_interval_s",
                "fsync",
                "fsync_interval_ms",
                "rows_touched",
                "sinks"));
        boolean interval = "interval".equals(node.word("fsync", List.of("each", "interval")));
        YamlNode unused = interval ? null : node.child("fsync_interval_ms");
        if (unused != null) {
            unused.problem("`fsync_interval_ms` has no effect without `fsync: interval` — write both or neither");
        }
        long fsyncMs = node.integer(
                "fsync_interval_ms",
                NicolConfig.Audit.DEFAULT_FSYNC_INTERVAL_MS,
                1,
                NicolConfig.Audit.MAX_FSYNC_INTERVAL_MS);
        long checkpointS = node.integer(
                "checkpoint_interval_s",
                NicolConfig.Audit.DEFAULTS.checkpointInterval().toSeconds(),
                1,
                NicolConfig.Audit.MAX_CHECKPOINT_INTERVAL_S);
        return new NicolConfig.Audit(
                RetentionReader.read(node),
                path(node, "checkpoints"),
                Duration.ofSeconds(checkpointS),
                interval ? Duration.ofMillis(fsyncMs) : Duration.ZERO,
                RowsTouchedReader.read(node));
    }

    private @Nullable Path path(YamlNode node, String key) {
        return path(directory, node, key);
    }

    static @Nullable Path path(Path directory, YamlNode node, String key) {
        String text = node.text(key);
        YamlNode place = node.child(key);
        if (text == null || place == null) {
            return null;
        }
        try {
            return directory.resolve(text).normalize();
        } catch (InvalidPathException e) {
            place.problem("`" + key + "` is not a path — correct it");
            return null;
        }
    }

    /** A file that is there. */
    static @Nullable Path existingFile(Path directory, YamlNode node, String key) {
        Path path = path(directory, node, key);
        YamlNode place = node.child(key);
        if (path != null && place != null && !Files.isRegularFile(path)) {
            place.problem("`" + key + "`: there is no file " + place.shown() + " — create it, or correct the path");
            return null;
        }
        return path;
    }

    /** The directory that the key names, else the usual one if it exists, else null. */
    private @Nullable Path directory(YamlNode root, String key, String usual) {
        if (!root.has(key)) {
            Path path = directory.resolve(usual);
            return Files.isDirectory(path) ? path : null;
        }
        Path path = path(root, key);
        YamlNode place = root.child(key);
        if (path != null && place != null && !Files.isDirectory(path)) {
            place.problem(
                    "`" + key + "`: there is no directory " + place.shown() + " — create it, or correct the path");
            return null;
        }
        return path;
    }
}
