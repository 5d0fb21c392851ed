/** Held statements and what becomes of them. */
@NullMarked
package dev.nicol.server.approval;

import org.jspecify.annotations.NullMarked;
