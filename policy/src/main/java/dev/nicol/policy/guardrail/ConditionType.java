package dev.nicol.policy.guardrail;

import dev.nicol.policy.YamlNode;
import java.util.Locale;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A kind of condition as policy files know it.
 *
 * @param key of a rule
 * @param word the key's value where several kinds share the key {@code check}; null: the key is its own
 * @param create reads it from the rule; adds problems, and null where there are any
 */
public record ConditionType(String key, @Nullable String word, Reader create) {
    static final String CHECK = "check";

    /** Reads one condition. */
    @FunctionalInterface
    public interface Reader {
        @Nullable
        Condition from(YamlNode rule);
    }

    /** {@code check: word}. */
    static ConditionType check(String word, Supplier<Condition> create) {
        return new ConditionType(CHECK, word, rule -> create.get());
    }

    /** A key of its own. */
    static ConditionType key(String key, Reader create) {
        return new ConditionType(key, null, create);
    }

    /** A key of its own whose value is a whole number from 0 on. */
    static ConditionType number(String key, LongFunction<Condition> create) {
        return key(key, rule -> create.apply(rule.integer(key, 0, 0, Long.MAX_VALUE)));
    }

    /** Whether the rule names this condition. */
    public boolean asked(YamlNode rule) {
        YamlNode value = rule.child(key);
        return value != null && (word == null || word.equals(value.scalarText()));
    }

    /** Tags are compared in upper case. */
    static Set<String> tags(YamlNode rule, String key) {
        return rule.texts(key).stream().map(tag -> tag.toUpperCase(Locale.ROOT)).collect(Collectors.toSet());
    }

    /** A list of texts as a policy file has it. */
    static String texts(Set<String> texts) {
        return texts.stream()
                .sorted()
                .map(text -> "'" + text.replace("'", "''") + "'")
                .collect(Collectors.joining(", ", "[", "]"));
    }
}
