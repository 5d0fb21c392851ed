/** Materialised views: where their rows are kept, since when, and for whom. */
@NullMarked
package dev.nicol.server.materialized;

import org.jspecify.annotations.NullMarked;
