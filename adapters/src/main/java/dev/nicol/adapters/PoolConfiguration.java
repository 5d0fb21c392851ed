package dev.nicol.adapters;

import com.zaxxer.hikari.HikariConfig;

/** How a source's connections are opened and kept. */
final class PoolConfiguration {
    private PoolConfiguration() {}

    static HikariConfig of(SourceDefinition definition, SourceAdapter adapter, long connectionTimeoutMs) {
        HikariConfig configuration = new HikariConfig();
        configuration.setPoolName("source-" + definition.name());
        configuration.setJdbcUrl(definition.url());
        if (definition.user() != null) {
            configuration.setUsername(definition.user());
        }
        if (definition.password() != null) {
            configuration.setPassword(definition.password());
        }
        configuration.setMaximumPoolSize(mostShared(definition));
        configuration.setMinimumIdle(0);
        configuration.setIdleTimeout(Source.IDLE_TIMEOUT_MS);
        configuration.setConnectionTimeout(connectionTimeoutMs);
        // Start without the source, if need be.
        configuration.setInitializationFailTimeout(-1);
        definition.properties().forEach(configuration::addDataSourceProperty);
        // Last: what the adapter needs is not for the configuration to change.
        adapter.configure(configuration);
        return configuration;
    }

    /** Bound of the connections with the configured login. */
    static int mostShared(SourceDefinition definition) {
        return definition.credentials() instanceof SourceCredentials.PassThrough
                ? Math.min(definition.maxConnections(), Source.MAX_OWN_CONNECTIONS)
                : definition.maxConnections();
    }
}
