/** Whether a source computes masks as the engine does; how they are written is beside its SQL and the engine. */
@NullMarked
package dev.nicol.adapters.masks;

import org.jspecify.annotations.NullMarked;
