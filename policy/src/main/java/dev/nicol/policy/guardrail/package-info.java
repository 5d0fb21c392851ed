/** Guardrails, one class each; {@link dev.nicol.policy.guardrail.Guardrails} is the one explicit list. */
@NullMarked
package dev.nicol.policy.guardrail;

import org.jspecify.annotations.NullMarked;
