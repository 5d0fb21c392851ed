/** TPC-H: its eight tables on any database, and its 22 queries over tables that may be anywhere. */
@NullMarked
package dev.nicol.server.tpch;

import org.jspecify.annotations.NullMarked;
