package dev.nicol.lineage;

import dev.nicol.policy.TableName;

/** One stored column. */
record Origin(TableName table, String column) {}
