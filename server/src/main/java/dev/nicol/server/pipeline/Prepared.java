package dev.nicol.server.pipeline;

import org.apache.calcite.rel.type.RelDataType;

/**
 * What a client is told when it prepares a statement. Executing plans anew (or from the cache), so that a policy changed
 * meanwhile applies.
 *
 * @param rowType columns of the answer; no fields for statements that answer with a count
 * @param parameterTypes one field per {@code ?}, in order
 */
public record Prepared(String sql, StatementKind kind, RelDataType rowType, RelDataType parameterTypes) {}
