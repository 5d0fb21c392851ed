/** Column-level lineage from relational plans, in OpenLineage's terms. Unknown is said, never omitted. */
@NullMarked
package dev.nicol.lineage;

import org.jspecify.annotations.NullMarked;
