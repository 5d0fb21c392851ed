package dev.nicol.policy.guardrail;

import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What guardrails may ask about a statement: facts of its tree and plan, never its text. Computed when asked. */
public interface StatementFacts {
    /** Null for statements no guardrail speaks of, such as SET. */
    GuardrailRule.@Nullable Statement statement();

    /** Of every source it touches. */
    Set<String> environments();

    /** Of every column it reads or writes, upper case; not of what policies alone read. */
    Set<String> tags();

    /** Rows of the result, as far as can be told before it runs. */
    OptionalDouble estimatedRows();

    /** An UPDATE or DELETE whose WHERE can leave out no row. */
    boolean unboundedWrite();
}
