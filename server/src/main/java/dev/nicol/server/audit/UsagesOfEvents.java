package dev.nicol.server.audit;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tells the statements of a store from before there were usages what they are usages of. */
final class UsagesOfEvents extends EventsMigration {
    UsagesOfEvents() {
        super("10.1", "usages of events");
    }

    @Override
    void write(Connection connection, String server, List<TrailEvent> events) throws SQLException {
        Map<String, Usage> usages = new HashMap<>();
        for (TrailEvent event : events) {
            String statementId = event.statementId();
            if (statementId != null && event.intent().isObject()) {
                usages.put(statementId, Usage.of(event, server));
            }
        }
        Map<String, Long> ids = Usages.ids(connection, usages.values());
        List<List<@Nullable Object>> updates = new ArrayList<>();
        usages.forEach((statementId, usage) -> {
            Long usageId = ids.get(usage.digest());
            if (usageId != null) {
                updates.add(List.of(usageId, statementId, server));
            }
        });
        TrailTransaction.batch(
                connection, "UPDATE audit.statements SET usage_id = ? WHERE statement_id = ? AND server = ?", updates);
    }
}
