package dev.nicol.server.delivery;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A place that the trail is delivered to.
 *
 * @param name its own among the server's; its cursor in the store is kept under it
 * @param target what it is
 * @param fromNow whether a sink that is new begins with what happens from then on, rather than with the whole trail
 * @param holdBack how much longer than its time retention keeps what has not been delivered
 * @param timeout of one attempt to deliver a batch
 */
public record SinkSettings(String name, Target target, boolean fromNow, Duration holdBack, Duration timeout) {
    public static final Duration DEFAULT_HOLD_BACK = Duration.ofDays(30);
    /** Of webhooks: a receiver that is gone is no reason to keep anything longer than was promised. */
    public static final Duration HOOK_HOLD_BACK = Duration.ZERO;

    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

    /** What a sink is. No {@code toString} shows a secret, or a URL, which may be one. */
    public sealed interface Target permits ToFile, ToSyslog, ToWebhook, ToHook, ToOpenLineage {
        /** As {@code nicol.audit.sinks.kind} has it. */
        String kind();
    }

    /** A file that lines are appended to. */
    public record ToFile(Path path) implements Target {
        @Override
        public String kind() {
            return "file";
        }
    }

    /** How syslog messages travel. */
    public enum Protocol {
        TCP,
        UDP
    }

    /**
     * A syslog receiver.
     *
     * @param facility its number
     */
    public record ToSyslog(String host, int port, Protocol protocol, int facility) implements Target {
        @Override
        public String kind() {
            return "syslog";
        }
    }

    /**
     * A receiver of the trail's lines in POST requests.
     *
     * @param secret signs them; null: nothing does
     */
    public record ToWebhook(URI url, @Nullable String secret) implements Target {
        @Override
        public String kind() {
            return "webhook";
        }

        @Override
        public String toString() {
            return kind();
        }
    }

    /**
     * A receiver that is told of some events, a POST request each.
     *
     * @param secret signs them; null: nothing does
     */
    public record ToHook(URI url, @Nullable String secret, Set<HookEvent> events) implements Target {
        public ToHook {
            events = Set.copyOf(events);
        }

        @Override
        public String kind() {
            return "webhook";
        }

        @Override
        public String toString() {
            return kind() + " of "
                    + events.stream().sorted().map(HookEvent::word).toList();
        }
    }

    /**
     * A receiver of OpenLineage events: a URL or a file.
     *
     * @param url without the path of the API
     * @param namespace of jobs, and of tables that have no name of their own in OpenLineage
     * @param apiKey sent as a bearer token
     * @param sql whether the text of statements is sent, with the literals in it
     */
    public record ToOpenLineage(
            @Nullable URI url,
            @Nullable Path file,
            String namespace,
            @Nullable String apiKey,
            boolean sql) implements Target {
        public static final String DEFAULT_NAMESPACE = "nicol";

        public ToOpenLineage {
            if ((url == null) == (file == null)) {
                throw new IllegalArgumentException("either a URL or a file");
            }
        }

        @Override
        public String kind() {
            return "openlineage";
        }

        @Override
        public String toString() {
            return kind() + " of " + namespace;
        }
    }
}
