/** Peer e: Teiid. */
@NullMarked
package dev.nicol.benchmarks;

import org.jspecify.annotations.NullMarked;
