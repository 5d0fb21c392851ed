/** Column masks, one class a kind; {@link dev.nicol.policy.mask.Masks} is the one explicit list. */
@NullMarked
package dev.nicol.policy.mask;

import org.jspecify.annotations.NullMarked;
