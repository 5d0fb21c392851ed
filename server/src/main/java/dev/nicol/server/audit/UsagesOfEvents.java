package dev.nicol.server.audit;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.flywaydb.core.api.MigrationVersion;
import org.flywaydb.core.api.migration.Context;
import org.flywaydb.core.api.migration.JavaMigration;
import org.jspecify.annotations.Nullable;

/** Tells the statements of a store from before there were usages what they are usages of. */
final class UsagesOfEvents implements JavaMigration {
    @Override
    public MigrationVersion getVersion() {
        return MigrationVersion.fromVersion("10.1");
    }

    @Override
    public String getDescription() {
        return "usages of events";
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
        for (String server : FlowsOfEvents.servers(connection)) {
            long last = 0;
            long before;
            do {
                before = last;
                Map<String, Usage> usages = new HashMap<>();
                last = page(connection, server, before, usages);
                Map<String, Long> ids = Usages.ids(connection, usages.values());
                List<List<@Nullable Object>> updates = new ArrayList<>();
                usages.forEach((statementId, usage) -> {
                    Long usageId = ids.get(usage.digest());
                    if (usageId != null) {
                        updates.add(List.of(usageId, statementId, server));
                    }
                });
                TrailTransaction.batch(
                        connection,
                        "UPDATE audit.statements SET usage_id = ? WHERE statement_id = ? AND server = ?",
                        updates);
            } while (last != before);
        }
    }

    private static long page(Connection connection, String server, long after, Map<String, Usage> usages)
            throws SQLException, IOException {
        long last = after;
        try (PreparedStatement select = connection.prepareStatement(FlowsOfEvents.PAGE)) {
            select.setString(1, server);
            select.setLong(2, after);
            try (ResultSet found = select.executeQuery()) {
                while (found.next()) {
                    last = found.getLong(1);
                    TrailEvent event = TrailEvent.parse(found.getBytes(2));
                    String statementId = event.statementId();
                    if (statementId != null && event.intent().isObject()) {
                        usages.put(statementId, Usage.of(event, server));
                    }
                }
            }
        }
        return last;
    }
}
