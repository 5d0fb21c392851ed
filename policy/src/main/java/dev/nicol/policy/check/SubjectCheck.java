package dev.nicol.policy.check;

import dev.nicol.policy.Grant;
import dev.nicol.policy.NearestName;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Problems;
import dev.nicol.policy.Rule;
import dev.nicol.policy.SubjectSelector;
import dev.nicol.policy.guardrail.GuardrailRule;
import java.util.Set;
import java.util.TreeSet;

/** Users, groups, roles, agents and purposes that rules name and nobody has. */
final class SubjectCheck {
    private final PolicySet set;
    private final KnownSubjects subjects;
    private final Problems problems;

    SubjectCheck(PolicySet set, KnownSubjects subjects, Problems problems) {
        this.set = set;
        this.subjects = subjects;
        this.problems = problems;
    }

    void check() {
        for (Rule rule : set.rules()) {
            selector(rule, "to", rule.audience().to());
            selector(rule, "except", rule.audience().except());
            if (rule instanceof GuardrailRule guardrail && guardrail.hold() != null) {
                selector(rule, "approvers", guardrail.hold().approvers());
                selector(rule, "break_glass", guardrail.hold().breakGlass());
            }
            if (rule instanceof Grant) {
                // a restriction counts as soon as a purpose is stated; a right only where it is declared
                names(rule, "to.purposes", "purpose", rule.audience().to().purposes(), subjects.purposes());
            }
        }
    }

    private void selector(Rule rule, String key, SubjectSelector selector) {
        names(rule, key + ".users", "user", selector.users(), subjects.users());
        names(rule, key + ".groups", "group", selector.groups(), subjects.groups());
        names(rule, key + ".roles", "role", selector.roles(), subjects.roles());
        names(rule, key + ".agents", "agent", selector.agents(), subjects.agents());
    }

    private void names(Rule rule, String key, String kind, Set<String> named, Set<String> known) {
        for (String name : new TreeSet<>(named)) {
            if (!known.contains(name)) {
                problems.add(set.places().of(rule, key, name), unknown(rule, kind, name, known));
            }
        }
    }

    /** What is said of a name that nobody has. */
    static String unknown(Rule rule, String kind, String name, Set<String> known) {
        String what =
                switch (kind) {
                    case "user", "agent" -> "there is no " + kind + " `" + name + "`";
                    case "purpose" -> "nobody declares purpose `" + name + "`";
                    default -> "nobody has " + kind + " `" + name + "`";
                };
        String hint = NearestName.hint(name, known);
        return "`" + rule.name() + "`: " + what
                + (hint.isEmpty() ? " — correct the name, or add it to the users file" : hint);
    }
}
