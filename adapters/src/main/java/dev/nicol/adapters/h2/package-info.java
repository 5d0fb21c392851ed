/** H2 as a source: dialect, types, catalogue, driver flags, error codes. */
@NullMarked
package dev.nicol.adapters.h2;

import org.jspecify.annotations.NullMarked;
