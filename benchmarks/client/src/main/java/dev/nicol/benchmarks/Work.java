package dev.nicol.benchmarks;

import java.io.IOException;
import java.sql.SQLException;

/** One kind of work that the peers are compared at. */
interface Work {
    String name();

    /** What it needs in the databases before servers start. */
    default void prepare(Databases databases) throws SQLException {}

    void run(Bench bench) throws SQLException, IOException, InterruptedException;
}
