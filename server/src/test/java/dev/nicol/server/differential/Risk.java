package dev.nicol.server.differential;

import dev.nicol.server.differential.Fixture.Row;
import java.util.function.Predicate;

/**
 * An expression that fails on some rows of a table.
 *
 * @param fails on rows as the subject sees them
 */
record Risk(String table, Predicate<Row> fails) {}
