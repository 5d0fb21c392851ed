package dev.nicol.server.catalog;

import dev.nicol.policy.TableName;

/**
 * One row of a view's history.
 *
 * @param change {@code create}, {@code replace}, {@code rename to x}, {@code rename from x} or {@code drop}; of files {@code file},
 *     {@code file_changed} or {@code file_removed}
 * @param definition after the change; the last one where there is none any more
 * @param changedBy who; the file where it came from one
 */
public record ViewChange(TableName view, String change, String definition, String changedBy) {}
