package dev.nicol.benchmarks;

import dev.nicol.benchmarks.Peer.Who;
import java.sql.ResultSet;
import java.sql.SQLException;

/** What a BI tool asks first: getColumns of everything in a schema of 2,000 tables with ten columns each. */
final class Columns implements Work {
    private static final int TABLES = 2_000;
    private static final int EXPECTED = TABLES * 10;

    @Override
    public String name() {
        return "columns";
    }

    @Override
    public void prepare(Databases databases) throws SQLException {
        databases.addTables(TABLES);
    }

    @Override
    public void run(Bench bench) {
        bench.compare(
                "getColumns over 2,000 tables",
                1,
                Who.ANALYST,
                peer -> connection -> number -> {
                    try (ResultSet columns = connection.getMetaData().getColumns(null, "wide", "%", "%")) {
                        long count = Statements.read(columns);
                        if (count != EXPECTED) {
                            throw new SQLException(count + " columns instead of " + EXPECTED);
                        }
                    }
                });
    }
}
