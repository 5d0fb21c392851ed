/** The durable, hash-chained trail and its store. */
@NullMarked
package dev.nicol.server.audit;

import org.jspecify.annotations.NullMarked;
