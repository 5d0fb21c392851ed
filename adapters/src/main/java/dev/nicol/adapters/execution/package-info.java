/** What runs: queries and writes at sources, and here what no source computes, over the rows it holds. */
@NullMarked
package dev.nicol.adapters.execution;

import org.jspecify.annotations.NullMarked;
