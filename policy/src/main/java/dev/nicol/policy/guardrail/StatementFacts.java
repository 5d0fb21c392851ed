package dev.nicol.policy.guardrail;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What guardrails may ask about a statement: facts of its tree and plan, never its text.
 *
 * @param statement null for statements no guardrail speaks of, such as SET
 * @param environments of every source it touches
 * @param unboundedWrite an UPDATE or DELETE whose WHERE can leave out no row
 */
public record StatementFacts(
        GuardrailRule.@Nullable Statement statement, Set<String> environments, boolean unboundedWrite) {
    public StatementFacts {
        environments = Set.copyOf(environments);
    }
}
