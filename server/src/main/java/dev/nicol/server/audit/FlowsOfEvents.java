package dev.nicol.server.audit;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Fills {@code internal.flows} of a store that holds events from before there was that table. */
final class FlowsOfEvents extends EventsMigration {
    FlowsOfEvents() {
        super("5.1", "flows of events");
    }

    @Override
    void write(Connection connection, String server, List<TrailEvent> events) throws SQLException {
        Flows flows = new Flows(server);
        events.forEach(flows::add);
        flows.write(connection);
    }
}
