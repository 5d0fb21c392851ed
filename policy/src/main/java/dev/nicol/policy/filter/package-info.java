/** Row filters: SQL conditions that a row must meet to exist for a subject. */
@NullMarked
package dev.nicol.policy.filter;

import org.jspecify.annotations.NullMarked;
