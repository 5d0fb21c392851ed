/** Nicol beside what it could be replaced with: docs/internals/performance.md. */
@NullMarked
package dev.nicol.benchmarks;

import org.jspecify.annotations.NullMarked;
