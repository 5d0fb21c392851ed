/**
 * Load-time honesty: a policy set is held against the tables, columns, tags and people there are, before it is put in force.
 * Knows rules and what they speak of, and no plan.
 */
@NullMarked
package dev.nicol.policy.check;

import org.jspecify.annotations.NullMarked;
