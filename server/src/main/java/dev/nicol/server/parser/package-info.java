/**
 * The SQL grammar's own nodes, for statements Calcite has none for. The parser itself is generated into this package from
 * calcite-core's template and {@code src/main/codegen}; {@link dev.nicol.server.pipeline.StatementParser} is its only
 * caller.
 */
@NullMarked
package dev.nicol.server.parser;

import org.jspecify.annotations.NullMarked;
