package dev.nicol.adapters;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A source as configured.
 *
 * @param kind an adapter's {@link SourceAdapter#kind()}
 * @param environment {@code development}, {@code staging} or {@code production}
 * @param properties driver properties beyond user and password
 * @param maxConnections bound of its connections
 * @param credentials with which rights of the database users' statements run
 */
public record SourceDefinition(
        String name,
        String kind,
        String url,
        @Nullable String user,
        @Nullable String password,
        String environment,
        Map<String, String> properties,
        int maxConnections,
        SourceCredentials credentials) {
    /** Bound where the configuration gives none. */
    public static final int DEFAULT_MAX_CONNECTIONS = 8;

    public SourceDefinition {
        properties = Map.copyOf(properties);
    }

    /** A source that everyone reads with its configured login. */
    public SourceDefinition(
            String name,
            String kind,
            String url,
            @Nullable String user,
            @Nullable String password,
            String environment,
            Map<String, String> properties,
            int maxConnections) {
        this(name, kind, url, user, password, environment, properties, maxConnections, SourceCredentials.SHARED);
    }

    /** The same with other credentials. */
    public SourceDefinition with(SourceCredentials others) {
        return new SourceDefinition(name, kind, url, user, password, environment, properties, maxConnections, others);
    }

    /** Without the password and the URL, which may carry one. */
    @Override
    public String toString() {
        return "source " + name + " (" + kind + ", " + environment + ")";
    }
}
