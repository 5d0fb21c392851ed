package dev.nicol.policy;

import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Hold;
import java.util.Collection;
import java.util.List;
import java.util.function.BiPredicate;

/**
 * Finds rules that can never matter: for nobody, or wholly covered by another rule of the set. Certain cases only, told by
 * the rules alone: a rule that is refused without cause is worse than one that is idle.
 */
final class ShadowedRules {
    private ShadowedRules() {}

    static void check(PolicySet set, Problems problems) {
        for (Rule rule : set.rules()) {
            if (rule.audience().namesNoOne()) {
                problems.add(
                        set.places().of(rule, "except", null),
                        "`" + rule.name() + "` is for no one: `except` takes out everyone that `to` names — remove the"
                                + " rule, or correct `except`");
            }
        }
        check(set, set.grants(), ShadowedRules::coversGrant, "opens nothing that grant", problems);
        check(set, set.rowFilters(), ShadowedRules::coversFilter, "hides no row that filter", problems);
        guardrails(set, problems);
    }

    /** Of two that cover each other, the later one is told. */
    private static <R extends Rule> void check(
            PolicySet set, List<R> rules, BiPredicate<R, R> covers, String adds, Problems problems) {
        for (int at = 0; at < rules.size(); at++) {
            R rule = rules.get(at);
            for (int by = 0; by < rules.size(); by++) {
                R other = rules.get(by);
                if (at != by && covers.test(other, rule) && (by < at || !covers.test(rule, other))) {
                    shadowed(set, rule, adds, other, problems);
                    break;
                }
            }
        }
    }

    private static void shadowed(PolicySet set, Rule rule, String adds, Rule by, Problems problems) {
        problems.add(
                set.places().of(rule),
                "`" + rule.name() + "` " + adds + " `" + by.name() + "` ("
                        + set.places().of(by) + ") does not already — remove one of them, or correct it");
    }

    private static boolean coversGrant(Grant wide, Grant narrow) {
        return coverAll(wide.tables(), narrow.tables())
                && wide.actions().containsAll(narrow.actions())
                && coverEntries(wide.raw(), narrow.raw())
                && coverEntries(wide.filterable(), narrow.filterable())
                && coverEntries(wide.joinable(), narrow.joinable())
                && coverAll(narrow.deniedColumns(), wide.deniedColumns())
                && (wide.until() == null
                        || narrow.until() != null && !wide.until().isBefore(narrow.until()))
                && wide.audience().includes(narrow.audience());
    }

    private static boolean coverEntries(Collection<String> wide, Collection<String> narrow) {
        return wide.contains("*")
                || narrow.stream().allMatch(entry -> wide.stream().anyMatch(entry::equalsIgnoreCase));
    }

    private static boolean coversFilter(RowFilter wide, RowFilter narrow) {
        return coverAll(wide.tables(), narrow.tables())
                && wide.where().strip().equals(narrow.where().strip())
                && wide.audience().includes(narrow.audience());
    }

    private static boolean coverAll(List<NamePattern> wide, List<NamePattern> narrow) {
        return narrow.stream().allMatch(pattern -> wide.stream().anyMatch(other -> other.includes(pattern)));
    }

    /** The stricter action wins wherever both trip; of two with one action the earlier is the one that is told. */
    private static void guardrails(PolicySet set, Problems problems) {
        List<GuardrailRule> rules = set.guardrails();
        for (int at = 0; at < rules.size(); at++) {
            GuardrailRule rule = rules.get(at);
            for (int by = 0; by < rules.size(); by++) {
                GuardrailRule other = rules.get(by);
                int stricter = other.action().compareTo(rule.action());
                if (at != by && (stricter > 0 || stricter == 0 && by < at) && tripsWhenever(other, rule)) {
                    shadowed(set, rule, "trips on no statement that guardrail", other, problems);
                    break;
                }
            }
        }
    }

    private static boolean tripsWhenever(GuardrailRule wide, GuardrailRule narrow) {
        return includes(wide.statements(), narrow.statements())
                && includes(wide.environments(), narrow.environments())
                && includes(wide.tags(), narrow.tags())
                && (wide.rowsOver() == null || narrow.rowsOver() != null && wide.rowsOver() <= narrow.rowsOver())
                && wide.conditions().stream()
                        .allMatch(condition -> narrow.conditions().stream().anyMatch(condition::includes))
                && wide.audience().includes(narrow.audience())
                && !wantsMore(narrow, wide);
    }

    /** Of two rules that hold, each wants approvals of its own approvers. */
    private static boolean wantsMore(GuardrailRule rule, GuardrailRule other) {
        Hold hold = rule.hold();
        Hold others = other.hold();
        return hold != null
                && others != null
                && !(hold.approvers().equals(others.approvers()) && hold.approvals() <= others.approvals());
    }

    /** An empty condition always holds. */
    private static boolean includes(Collection<?> wide, Collection<?> narrow) {
        return wide.isEmpty() || !narrow.isEmpty() && wide.containsAll(narrow);
    }
}
