/**
 * Physical databases. One {@link dev.nicol.adapters.SourceAdapter} a kind, each in its own package; here what a source is:
 * its definition, catalogue, connections and logins. Knows policy's sealed plans, not its rules.
 */
@NullMarked
package dev.nicol.adapters;

import org.jspecify.annotations.NullMarked;
