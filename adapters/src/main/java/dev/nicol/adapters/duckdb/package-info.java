/** DuckDB as a source: dialect, types, catalogue, driver flags, error codes. */
@NullMarked
package dev.nicol.adapters.duckdb;

import org.jspecify.annotations.NullMarked;
