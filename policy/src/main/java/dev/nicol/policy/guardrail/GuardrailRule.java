package dev.nicol.policy.guardrail;

import dev.nicol.policy.Audience;
import dev.nicol.policy.Rule;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * When a statement needs a second look. Every condition that is given must hold; an empty or null one holds always.
 *
 * @param statements kinds of statement; empty: every kind
 * @param environments of any source the statement touches; empty: every one
 * @param tags entity tags of any column the statement touches, upper case; empty: no condition
 * @param rowsOver more rows than this are written, or estimated for a read; null: no condition
 * @param conditions further ones
 * @param hold how a held statement may come to run; null unless {@code action} is {@code HOLD}
 */
public record GuardrailRule(
        String name,
        Set<Statement> statements,
        Set<String> environments,
        Set<String> tags,
        @Nullable Long rowsOver,
        List<Condition> conditions,
        Verdict action,
        @Nullable Hold hold,
        Audience audience)
        implements Rule {
    public GuardrailRule {
        statements = Set.copyOf(statements);
        environments = Set.copyOf(environments);
        tags = Set.copyOf(tags);
        conditions = List.copyOf(conditions);
        if (statements.isEmpty() && tags.isEmpty() && rowsOver == null && conditions.isEmpty()) {
            throw new IllegalArgumentException("a guardrail needs a condition — add `statements`, `tags` or another");
        }
        if ((action == Verdict.HOLD) != (hold != null)) {
            throw new IllegalArgumentException("who approves belongs to `action: hold`, and to no other action");
        }
    }

    /** Kinds of statement as policy files name them, in lower case; {@code ddl} stands for the first four. */
    public enum Statement {
        DROP,
        TRUNCATE,
        ALTER,
        CREATE,
        DELETE,
        UPDATE,
        INSERT,
        SELECT;

        /** Every word a policy file may use. */
        public static final List<String> WORDS =
                List.of("drop", "truncate", "alter", "create", "ddl", "delete", "update", "insert", "select");

        /** The kinds a word stands for; empty when it is unknown. */
        public static Set<Statement> named(String word) {
            if (word.equals("ddl")) {
                return EnumSet.of(DROP, TRUNCATE, ALTER, CREATE);
            }
            return WORDS.contains(word)
                    ? EnumSet.of(valueOf(word.toUpperCase(Locale.ROOT)))
                    : EnumSet.noneOf(Statement.class);
        }
    }

    /** What comes of a match, in rising severity. */
    public enum Verdict {
        ALLOW,
        WARN,
        HOLD,
        DENY
    }
}
