package dev.nicol.server.config;

import dev.nicol.policy.YamlNode;
import dev.nicol.server.delivery.HookEvent;
import dev.nicol.server.delivery.SinkSettings;
import dev.nicol.server.delivery.SinkSettings.ToOpenLineage;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads where the trail and its lineage are delivered to, and who is told of events in it. */
final class SinksReader {
    private static final List<String> KINDS = List.of("file", "syslog", "webhook");
    private static final List<String> FROM = List.of("start", "now");
    private static final List<String> EVERY_SINK = List.of("name", "kind", "from", "hold_back", "timeout_s");
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_-]{0,62}");
    private static final String OPENLINEAGE = "openlineage";
    private static final int DEFAULT_SYSLOG_PORT = 514;
    private static final int MAX_TIMEOUT_S = 600;

    /** What RFC 5424 numbers from 0. */
    private static final List<String> FACILITIES = List.of(
            "kern",
            "user",
            "mail",
            "daemon",
            "auth",
            "syslog",
            "lpr",
            "news",
            "uucp",
            "cron",
            "authpriv",
            "ftp",
            "ntp",
            "audit",
            "alert",
            "clock",
            "local0",
            "local1",
            "local2",
            "local3",
            "local4",
            "local5",
            "local6",
            "local7");

    private static final Duration MAX_HOLD_BACK = Duration.ofDays(36_500);

    private final Path directory;

    SinksReader(Path directory) {
        this.directory = directory;
    }

    List<SinkSettings> read(@Nullable YamlNode audit, @Nullable YamlNode lineage, List<YamlNode> webhooks) {
        List<SinkSettings> sinks = new ArrayList<>();
        Set<String> names = new HashSet<>(Set.of(OPENLINEAGE));
        for (YamlNode node : audit == null ? List.<YamlNode>of() : audit.list("sinks")) {
            if (node.isMap()) {
                add(sinks, names, node, sink(node));
            } else {
                node.problem("an entry of `sinks` must be a map such as `{kind: file, path: audit.jsonl}`");
            }
        }
        for (int i = 0; i < webhooks.size(); i++) {
            YamlNode node = webhooks.get(i);
            if (node.isMap()) {
                add(sinks, names, node, hook(node, "webhook-" + (i + 1)));
            } else {
                node.problem("an entry of `webhooks` must be a map such as `{url: …, events: […]}`");
            }
        }
        if (lineage != null) {
            lineage.only(List.of(OPENLINEAGE));
            YamlNode node = lineage.section(OPENLINEAGE);
            ToOpenLineage target = node == null ? null : openLineage(node);
            if (node != null && target != null) {
                sinks.add(settings(node, OPENLINEAGE, target, isFromNow(node), SinkSettings.DEFAULT_HOLD_BACK));
            }
        }
        return sinks;
    }

    private static void add(List<SinkSettings> sinks, Set<String> names, YamlNode node, @Nullable SinkSettings sink) {
        if (sink != null && !names.add(sink.name())) {
            node.problem("there is another sink of the name `" + sink.name() + "` — give each a `name` of its own");
        } else if (sink != null
                && sinks.stream().anyMatch(other -> other.target().equals(sink.target()))) {
            node.problem("there is another sink to the same place — remove one of them");
        } else if (sink != null) {
            sinks.add(sink);
        }
    }

    private @Nullable SinkSettings sink(YamlNode node) {
        node.required("kind");
        String kind = node.word("kind", KINDS);
        SinkSettings.Target target = kind == null ? null : target(node, kind);
        String name = name(node, String.valueOf(kind));
        return target == null || name == null
                ? null
                : settings(node, name, target, isFromNow(node), SinkSettings.DEFAULT_HOLD_BACK);
    }

    /** A webhook begins with what happens from then on: who is told of what is long over acts on it. */
    private static @Nullable SinkSettings hook(YamlNode node, String usualName) {
        node.only(List.of("url", "secret", "events", "name", "hold_back", "timeout_s"));
        node.required("url");
        node.required("events");
        URI url = url(node);
        String secret = secret(node, "secret");
        Set<HookEvent> events = EnumSet.noneOf(HookEvent.class);
        for (YamlNode word : node.words("events")) {
            HookEvent event = HookEvent.of(word.scalarText());
            if (event == null) {
                word.problem("unknown event " + word.shown() + " — use one of " + String.join(", ", HookEvent.words()));
            } else {
                events.add(event);
            }
        }
        String name = name(node, usualName);
        return url == null || name == null
                ? null
                : settings(node, name, new SinkSettings.ToHook(url, secret, events), true, SinkSettings.HOOK_HOLD_BACK);
    }

    /** Null where it is none. */
    private static @Nullable String name(YamlNode node, String usual) {
        String name = node.text("name");
        YamlNode place = node.child("name");
        if (name != null && place != null && !NAME.matcher(name).matches()) {
            place.problem(
                    "`name` must have at most 63 lower-case letters, digits, `_` and `-`, and begin with a letter or"
                            + " digit — correct it");
            return null;
        }
        return name == null ? usual : name;
    }

    private static boolean isFromNow(YamlNode node) {
        return "now".equals(node.word("from", FROM));
    }

    private static SinkSettings settings(
            YamlNode node, String name, SinkSettings.Target target, boolean fromNow, Duration usualHoldBack) {
        Duration holdBack = node.duration("hold_back");
        YamlNode place = node.child("hold_back");
        if (holdBack != null && place != null && holdBack.compareTo(MAX_HOLD_BACK) > 0) {
            place.problem("`hold_back` must be at most `36500d`");
        }
        long timeout = node.integer("timeout_s", SinkSettings.DEFAULT_TIMEOUT.toSeconds(), 1, MAX_TIMEOUT_S);
        return new SinkSettings(
                name, target, fromNow, holdBack == null ? usualHoldBack : holdBack, Duration.ofSeconds(timeout));
    }

    private SinkSettings.@Nullable Target target(YamlNode node, String kind) {
        return switch (kind) {
            case "file" -> file(node);
            case "syslog" -> syslog(node);
            default -> webhook(node);
        };
    }

    private static void only(YamlNode node, List<String> more) {
        List<String> known = new ArrayList<>(EVERY_SINK);
        known.addAll(more);
        node.only(known);
    }

    private SinkSettings.@Nullable ToFile file(YamlNode node) {
        only(node, List.of("path"));
        node.required("path");
        Path path = ConfigReader.path(directory, node, "path");
        return path == null ? null : new SinkSettings.ToFile(path);
    }

    private static SinkSettings.ToSyslog syslog(YamlNode node) {
        only(node, List.of("host", "port", "protocol", "facility"));
        String host = node.requiredText("host");
        String protocol = node.word("protocol", List.of("tcp", "udp"));
        String facility = node.word("facility", FACILITIES);
        return new SinkSettings.ToSyslog(
                host,
                (int) node.integer("port", DEFAULT_SYSLOG_PORT, 1, NicolConfig.Endpoint.MAX_PORT),
                protocol == null
                        ? SinkSettings.Protocol.TCP
                        : SinkSettings.Protocol.valueOf(protocol.toUpperCase(Locale.ROOT)),
                FACILITIES.indexOf(facility == null ? "audit" : facility));
    }

    private static SinkSettings.@Nullable ToWebhook webhook(YamlNode node) {
        only(node, List.of("url", "secret"));
        node.required("url");
        URI url = url(node);
        String secret = secret(node, "secret");
        return url == null ? null : new SinkSettings.ToWebhook(url, secret);
    }

    private @Nullable ToOpenLineage openLineage(YamlNode node) {
        node.only(List.of("url", "file", "namespace", "api_key", "sql", "from", "hold_back", "timeout_s"));
        URI url = url(node);
        Path file = ConfigReader.path(directory, node, "file");
        if (node.has("url") == node.has("file")) {
            node.problem("events go to `url` or to `file` — name one of them");
            return null;
        }
        YamlNode unused = node.has("file") ? node.child("api_key") : null;
        if (unused != null) {
            unused.problem("`api_key` has no effect with `file` — remove it");
        }
        String namespace = node.text("namespace");
        String apiKey = secret(node, "api_key");
        boolean sql = node.bool("sql", false);
        return url == null && file == null
                ? null
                : new ToOpenLineage(
                        url, file, namespace == null ? ToOpenLineage.DEFAULT_NAMESPACE : namespace, apiKey, sql);
    }

    /** It is not told what is wrong with a secret: that would tell of the secret. */
    private static @Nullable String secret(YamlNode node, String key) {
        String secret = node.text(key);
        YamlNode place = node.child(key);
        if (secret != null && place != null && !secret.matches("[!-~]+")) {
            place.problem("`" + key + "` must have printable ASCII characters only, and at least one");
            return null;
        }
        return secret;
    }

    /** The URL itself is not told: it may carry a secret. */
    private static @Nullable URI url(YamlNode node) {
        String text = node.text("url");
        YamlNode place = node.child("url");
        if (text == null || place == null) {
            return null;
        }
        try {
            URI url = new URI(text);
            if (url.getScheme() != null
                    && url.getScheme().matches("https?")
                    && url.getHost() != null
                    && url.getUserInfo() == null
                    && url.getFragment() == null) {
                return url;
            }
        } catch (URISyntaxException e) {
            // told below; the exception's text holds the URL
        }
        place.problem("`url` must be a URL that begins with http:// or https://, without a user");
        return null;
    }
}
