/** Programs of others, unmodified, against the jar as it ships. */
@NullMarked
package dev.nicol.clients;

import org.jspecify.annotations.NullMarked;
