package dev.nicol.server.audit;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;
import org.jspecify.annotations.Nullable;

/** Fills {@code internal.flows} of a store that holds events from before there was that table. */
final class FlowsOfEvents implements JavaMigration {
    private static final int PAGE_EVENTS = 1_000;

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
        long last = 0;
        long before;
        do {
            before = last;
            Flows flows = new Flows();
            last = page(connection, before, flows);
            flows.write(connection);
        } while (last != before);
    }

    private static long page(Connection connection, long after, Flows flows) throws SQLException, IOException {
        long last = after;
        try (PreparedStatement select = connection.prepareStatement("SELECT event_id, payload FROM internal.event_bytes"
                + " WHERE event_id > ? ORDER BY event_id LIMIT " + PAGE_EVENTS)) {
            select.setLong(1, after);
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
