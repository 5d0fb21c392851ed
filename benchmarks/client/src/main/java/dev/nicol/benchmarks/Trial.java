package dev.nicol.benchmarks;

import java.sql.SQLException;
import java.util.Map;

/** What is measured of one variant, a round at a time. */
interface Trial {
    /** Runs one round; answers what was measured by name, the number to compare first. */
    Map<String, Double> round() throws SQLException, InterruptedException;
}
