package dev.nicol.server.audit;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;
import org.jspecify.annotations.Nullable;

/** Derives rows, in a store from before there was their table, from the bytes of the events that it holds. */
abstract class EventsMigration implements JavaMigration {
    private static final String PAGE = "SELECT event_id, payload FROM internal.event_bytes"
            + " WHERE server = ? AND event_id > ? ORDER BY server, event_id LIMIT 1000";

    private final MigrationVersion version;
    private final String description;

    EventsMigration(String version, String description) {
        this.version = MigrationVersion.fromVersion(version);
        this.description = description;
    }

    @Override
    public final MigrationVersion getVersion() {
        return version;
    }

    @Override
    public final String getDescription() {
        return description;
    }

    @Override
    public final @Nullable Integer getChecksum() {
        return null;
    }

    @Override
    public final boolean canExecuteInTransaction() {
        return true;
    }

    @Override
    public final void migrate(Context context) throws SQLException, IOException {
        Connection connection = context.getConnection();
        for (String server : servers(connection)) {
            List<TrailEvent> events = new ArrayList<>();
            for (long last = page(connection, server, 0, events); !events.isEmpty(); ) {
                write(connection, server, events);
                events.clear();
                last = page(connection, server, last, events);
            }
        }
    }

    /** Writes what consecutive events of a server tell. */
    abstract void write(Connection connection, String server, List<TrailEvent> events) throws SQLException;

    private static List<String> servers(Connection connection) throws SQLException {
        List<String> servers = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet found =
                        statement.executeQuery("SELECT DISTINCT server FROM internal.event_bytes ORDER BY server")) {
            while (found.next()) {
                servers.add(found.getString(1));
            }
        }
        return servers;
    }

    /** Adds the next events; answers the id of the last. */
    private static long page(Connection connection, String server, long after, List<TrailEvent> events)
            throws SQLException, IOException {
        long last = after;
        try (PreparedStatement select = connection.prepareStatement(PAGE)) {
            select.setString(1, server);
            select.setLong(2, after);
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    last = found.getLong(1);
                    events.add(TrailEvent.parse(found.getBytes(2)));
                }
            }
        }
        return last;
    }
}
