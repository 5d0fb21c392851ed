/**
 * Decides. {@link dev.nicol.policy.PolicyEngine} answers what a subject may do with a table; it knows rules and no
 * relational plan. The ground floor of the house: everything else may import it, it imports only Calcite's types.
 */
@NullMarked
package dev.nicol.policy;

import org.jspecify.annotations.NullMarked;
