/** A whole Nicol for tests: real sources, real driver. */
@NullMarked
package dev.nicol.server.testing;

import org.jspecify.annotations.NullMarked;
