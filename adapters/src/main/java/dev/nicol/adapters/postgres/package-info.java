/** PostgreSQL as a source: dialect, types, catalogue, driver flags, error codes. */
@NullMarked
package dev.nicol.adapters.postgres;

import org.jspecify.annotations.NullMarked;
