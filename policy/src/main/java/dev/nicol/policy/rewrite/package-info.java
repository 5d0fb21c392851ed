/** Enforces. Turns a decision into a sealed relational plan and proves that a plan is sealed; knows no rules. */
@NullMarked
package dev.nicol.policy.rewrite;

import org.jspecify.annotations.NullMarked;
