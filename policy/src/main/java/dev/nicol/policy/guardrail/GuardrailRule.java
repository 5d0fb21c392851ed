package dev.nicol.policy.guardrail;

import dev.nicol.policy.Audience;
import dev.nicol.policy.Rule;
import dev.nicol.policy.SubjectSelector;
import java.time.Duration;
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
 * @param check a condition that needs code; null: none
 * @param approvers who may approve; empty unless {@code action} is {@code HOLD}
 * @param expiresAfter how long a held statement waits; null: the server's default
 */
public record GuardrailRule(
        String name,
        Set<Statement> statements,
        Set<String> environments,
        Set<String> tags,
        @Nullable Long rowsOver,
        @Nullable Check check,
        Verdict action,
        SubjectSelector approvers,
        @Nullable Duration expiresAfter,
        Audience audience)
        implements Rule {
    public GuardrailRule {
        statements = Set.copyOf(statements);
        environments = Set.copyOf(environments);
        tags = Set.copyOf(tags);
        if (statements.isEmpty() && tags.isEmpty() && rowsOver == null && check == null) {
            throw new IllegalArgumentException(
                    "a guardrail needs a condition — add `statements`, `tags`, `rows_over` or `check`");
        }
        if (action == Verdict.HOLD == approvers.isEmpty()) {
            throw new IllegalArgumentException(
                    action == Verdict.HOLD
                            ? "`action: hold` needs `approvers` — name who may approve"
                            : "`approvers` belong to `action: hold` only — remove them, or hold");
        }
        if (action != Verdict.HOLD && expiresAfter != null) {
            throw new IllegalArgumentException("`expires_after` belongs to `action: hold` only — remove it, or hold");
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

    /** Conditions that need code. */
    public enum Check {
        /** DELETE or UPDATE without a WHERE that can leave out a row. */
        UNBOUNDED_WRITE
    }

    /** What comes of a match, in rising severity. */
    public enum Verdict {
        ALLOW,
        WARN,
        HOLD,
        DENY
    }
}
