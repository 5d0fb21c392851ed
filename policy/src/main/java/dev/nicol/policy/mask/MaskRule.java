package dev.nicol.policy.mask;

import dev.nicol.policy.Audience;
import dev.nicol.policy.NamePattern;
import dev.nicol.policy.Rule;
import java.util.List;
import java.util.Set;

/**
 * Masks columns named by glob ({@code crm.public.customers.ssn}) or by tag, for an audience.
 */
public record MaskRule(String name, List<NamePattern> columns, Set<String> tags, Audience audience, Mask mask)
        implements Rule {
    public MaskRule {
        columns = List.copyOf(columns);
        tags = Set.copyOf(tags);
    }
}
