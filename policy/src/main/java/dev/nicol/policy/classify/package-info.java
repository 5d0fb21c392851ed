/** Finds personal and secret data: one detector per kind of entity, and what they make of a column together. */
@NullMarked
package dev.nicol.policy.classify;

import org.jspecify.annotations.NullMarked;
