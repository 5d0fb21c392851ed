/** Plans over several sources: what each computes, the order of joins, and what one tells another. */
@NullMarked
package dev.nicol.adapters.federation;

import org.jspecify.annotations.NullMarked;
