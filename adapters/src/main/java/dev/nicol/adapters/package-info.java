/**
 * Physical databases. One {@link dev.nicol.adapters.SourceAdapter} a kind, each in its own package; here the catalogue
 * snapshot, SQL generation and execution at the source that all kinds share. Knows policy's sealed plans, not its rules.
 */
@NullMarked
package dev.nicol.adapters;

import org.jspecify.annotations.NullMarked;
