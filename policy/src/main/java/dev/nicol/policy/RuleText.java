package dev.nicol.policy;

import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Hold;
import dev.nicol.policy.mask.MaskRule;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Writes a rule as a policy file would, in one line and always in the same words: what fingerprints and versions are
 * computed from and what {@code nicol.policy.rules} shows.
 */
final class RuleText {
    private final List<String> fields = new ArrayList<>();

    private RuleText() {}

    /** {@code grant}, {@code row_filter}, {@code column_mask} or {@code guardrail}. */
    static String kind(Rule rule) {
        if (rule instanceof Grant) {
            return "grant";
        } else if (rule instanceof RowFilter) {
            return "row_filter";
        } else if (rule instanceof MaskRule) {
            return "column_mask";
        } else if (rule instanceof GuardrailRule) {
            return "guardrail";
        }
        throw new IllegalArgumentException("not a kind of rule that policy files have");
    }

    /** The whole rule. */
    static String of(Rule rule) {
        RuleText text = new RuleText().body(rule);
        text.selector("to", rule.audience().to());
        text.selector("except", rule.audience().except());
        return text.toString();
    }

    /** The rule without its audience: what it means to whoever it is for. */
    static String effect(Rule rule) {
        return kind(rule) + " " + new RuleText().body(rule);
    }

    private RuleText body(Rule rule) {
        field("name", quoted(rule.name()));
        if (rule instanceof Grant grant) {
            field("tables", patterns(grant.tables()));
            field("actions", words(grant.actions()));
            if (!grant.raw().isEmpty()) {
                field("raw", texts(grant.raw()));
            }
            if (!grant.filterable().isEmpty()) {
                field("filterable", texts(grant.filterable()));
            }
            if (!grant.joinable().isEmpty()) {
                field("joinable", texts(grant.joinable()));
            }
            if (grant.until() != null) {
                field("until", grant.until().toString());
            }
            if (!grant.deniedColumns().isEmpty()) {
                field("columns", "{deny: " + patterns(grant.deniedColumns()) + "}");
            }
        } else if (rule instanceof RowFilter filter) {
            field("tables", patterns(filter.tables()));
            field("where", quoted(filter.where()));
        } else if (rule instanceof MaskRule mask) {
            if (!mask.columns().isEmpty()) {
                field("columns", patterns(mask.columns()));
            }
            if (!mask.tags().isEmpty()) {
                field("tags", texts(mask.tags()));
            }
            field("mask", mask.mask().toString());
        } else if (rule instanceof GuardrailRule guardrail) {
            guardrail(guardrail);
        } else {
            throw new IllegalArgumentException("not a kind of rule that policy files have");
        }
        return this;
    }

    private void guardrail(GuardrailRule rule) {
        if (!rule.statements().isEmpty()) {
            field("statements", words(rule.statements()));
        }
        if (!rule.environments().isEmpty()) {
            field("environments", texts(rule.environments()));
        }
        if (!rule.tags().isEmpty()) {
            field("tags", texts(rule.tags()));
        }
        if (rule.rowsOver() != null) {
            field("rows_over", rule.rowsOver().toString());
        }
        rule.conditions().forEach(condition -> fields.add(condition.toString()));
        field("action", word(rule.action()));
        Hold hold = rule.hold();
        if (hold != null) {
            selector("approvers", hold.approvers());
            if (hold.approvals() > 1) {
                field("approvals", Integer.toString(hold.approvals()));
            }
            selector("break_glass", hold.breakGlass());
            if (hold.expiresAfter() != null) {
                field("expires_after", hold.expiresAfter().toSeconds() + "s");
            }
        }
    }

    private void selector(String name, SubjectSelector selector) {
        if (selector.isEmpty()) {
            return;
        }
        RuleText inner = new RuleText();
        inner.names("users", selector.users());
        inner.names("groups", selector.groups());
        inner.names("roles", selector.roles());
        inner.names("agents", selector.agents());
        inner.names("purposes", selector.purposes());
        if (!selector.attributes().isEmpty()) {
            inner.field("attributes", attributes(selector.attributes()));
        }
        field(name, inner.toString());
    }

    private void names(String name, Collection<String> values) {
        if (!values.isEmpty()) {
            field(name, texts(values));
        }
    }

    private void field(String name, String value) {
        fields.add(name + ": " + value);
    }

    /** Lists of patterns keep the file's order, which a decision does not depend on but a reader may. */
    private static String patterns(Collection<NamePattern> patterns) {
        return patterns.stream().map(pattern -> quoted(pattern.glob())).collect(Collectors.joining(", ", "[", "]"));
    }

    private static String texts(Collection<String> texts) {
        return texts.stream().sorted().map(RuleText::quoted).collect(Collectors.joining(", ", "[", "]"));
    }

    private static String words(Collection<? extends Enum<?>> values) {
        return values.stream().map(RuleText::word).sorted().collect(Collectors.joining(", ", "[", "]"));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static String attributes(Map<String, String> attributes) {
        return new TreeMap<>(attributes)
                .entrySet().stream()
                        .map(entry -> quoted(entry.getKey()) + ": " + quoted(entry.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    @Override
    public String toString() {
        return "{" + String.join(", ", fields) + "}";
    }
}
