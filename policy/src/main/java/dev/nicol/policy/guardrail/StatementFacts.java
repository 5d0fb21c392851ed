package dev.nicol.policy.guardrail;

import dev.nicol.policy.Subject;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What guardrails may ask about a statement: facts of its tree and plan, never its text. Computed when asked. */
public interface StatementFacts {
    /** Null for statements no guardrail speaks of, such as SET. */
    GuardrailRule.@Nullable Statement statement();

    /** Who runs it. */
    Subject subject();

    /** When. */
    Instant now();

    /** Every source it touches. */
    Set<String> sources();

    /** Of every source it touches. */
    Set<String> environments();

    /** Of every column it reads or writes, upper case; not of what policies alone read. */
    Set<String> tags();

    /** Of every column it reads, by source; not of what policies alone read. */
    Map<String, Set<String>> tagsReadBySource();

    /** Of stored values that leave unmasked: in the result, or for the table that it fills. */
    Set<String> tagsLeavingUnmasked();

    /** Rows of the result, or of the table that a definition is about; empty where there is no telling. */
    OptionalDouble estimatedRows();

    /** An UPDATE or DELETE whose WHERE can leave out no row. */
    boolean unboundedWrite();

    /** Whether it reads a table of more rows than these, or of an unknown number, without a condition or limit. */
    boolean readsUnbounded(long rows);

    /** Whether it joins tables that no condition relates. */
    boolean cartesianProduct();

    /** What its subject spent up to now. */
    Spent spent(Duration time);

    /**
     * Whether it reads a tagged column that its user never read before.
     *
     * @param tags one of which the column must have; empty: any
     */
    boolean readsFirst(Set<String> tags);

    /** How many joins it has, sub-queries counted as such. */
    int joins();
}
