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

/** Fills {@code internal.flows} of a store that holds events from before there was that table. */
final class FlowsOfEvents implements JavaMigration {
    /** Events of a server after one, with their bytes. */
    static final String PAGE = "SELECT event_id, payload FROM internal.event_bytes"
            + " WHERE server = ? AND event_id > ? ORDER BY server, event_id LIMIT 1000";

    @Override
    public MigrationVersion getVersion() {
        return MigrationVersion.fromVersion("5.1");
    }

    @Override
    public String getDescription() {
        return "flows of events";
    }

    @Override
    public @Nullable Integer getChecksum() {
        return null;
    }

    @Override
    public boolean canExecuteInTransaction() {
        return true;
    }

    @Override
    public void migrate(Context context) throws SQLException, IOException {
        Connection connection = context.getConnection();
        for (String server : servers(connection)) {
            long last = 0;
            long before;
            do {
                before = last;
                Flows flows = new Flows(server);
                last = page(connection, server, before, flows);
                flows.write(connection);
            } while (last != before);
        }
    }

    static List<String> servers(Connection connection) throws SQLException {
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

    private static long page(Connection connection, String server, long after, Flows flows)
            throws SQLException, IOException {
        long last = after;
        try (PreparedStatement select = connection.prepareStatement(PAGE)) {
            select.setString(1, server);
            select.setLong(2, after);
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    last = found.getLong(1);
                    flows.add(TrailEvent.parse(found.getBytes(2)));
                }
            }
        }
        return last;
    }
}
