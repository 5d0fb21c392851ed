/** Peers b and c: avatica-server. */
@NullMarked
package dev.nicol.benchmarks;

import org.jspecify.annotations.NullMarked;
