/** Finds out what the columns of sources hold, keeps it, and lets it travel with what is copied. */
@NullMarked
package dev.nicol.server.classification;

import org.jspecify.annotations.NullMarked;
