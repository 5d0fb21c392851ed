package dev.nicol.policy.check;

import dev.nicol.policy.ColumnFacts;
import dev.nicol.policy.MaskConflicts;
import dev.nicol.policy.NamePattern;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Problems;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableFacts;
import dev.nicol.policy.mask.MaskRule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Masks that do not fit their columns, and masks of one level that meet on a column. */
final class MaskCheck {
    private final PolicySet set;
    private final KnownCatalogue catalogue;
    private final @Nullable KnownSubjects subjects;
    private final Problems problems;

    /** Pairs that are told already: one column of many is enough. */
    private final Set<Set<String>> told = new HashSet<>();

    /** Of each rule by tag: why it fits no column seen so far; absent where there was none, null where it fits one. */
    private final Map<MaskRule, @Nullable String> tagMisfits = new LinkedHashMap<>();

    MaskCheck(PolicySet set, KnownCatalogue catalogue, @Nullable KnownSubjects subjects, Problems problems) {
        this.set = set;
        this.catalogue = catalogue;
        this.subjects = subjects;
        this.problems = problems;
    }

    void check() {
        for (TableFacts table : catalogue.tables()) {
            List<MaskRule> byTag = set.maskRules().stream()
                    .filter(rule -> !rule.tags().isEmpty())
                    .toList();
            List<MaskRule> near = set.maskRules().stream()
                    .filter(rule -> rule.columns().stream()
                            .anyMatch(pattern -> pattern.reaches(table.name().catalog())))
                    .toList();
            if (!near.isEmpty() || !byTag.isEmpty()) {
                table.columns().forEach(column -> column(table, column, near, byTag));
            }
        }
        tagMisfits.forEach((rule, reason) -> {
            if (reason != null) {
                problems.add(
                        set.places().of(rule, "mask", null),
                        "`" + rule.name() + "` fits none of the columns with its tags: " + reason
                                + " — use another mask");
            }
        });
    }

    private void column(TableFacts table, ColumnFacts column, List<MaskRule> near, List<MaskRule> byTag) {
        List<MaskRule> named = new ArrayList<>();
        for (MaskRule rule : near) {
            for (NamePattern pattern : rule.columns()) {
                if (pattern.matches(table.name(), column.name())) {
                    named.add(rule);
                    misfit(table, column, rule, pattern);
                    break;
                }
            }
        }
        conflicts(table, column, named);
        List<MaskRule> tagged = byTag.stream()
                .filter(rule ->
                        column.tags().stream().anyMatch(tag -> rule.tags().contains(tag.toUpperCase(Locale.ROOT))))
                .toList();
        for (MaskRule rule : tagged) {
            String reason = rule.mask().misfit(column.type());
            if (reason == null || !tagMisfits.containsKey(rule)) {
                tagMisfits.put(rule, reason);
            }
        }
        if (named.isEmpty()) {
            conflicts(table, column, tagged);
        }
    }

    private void misfit(TableFacts table, ColumnFacts column, MaskRule rule, NamePattern pattern) {
        String reason = rule.mask().misfit(column.type());
        if (reason != null) {
            problems.add(
                    set.places().of(rule, "columns", pattern.glob()),
                    "`" + rule.name() + "` does not fit column `" + table.name() + "." + column.name() + "`: " + reason
                            + " — use a mask that fits, or leave the column out");
        }
    }

    /** Equal masks show the same, whichever is taken; only where the rules name the column is that a mistake too. */
    private void conflicts(TableFacts table, ColumnFacts column, List<MaskRule> rules) {
        for (int later = 1; later < rules.size(); later++) {
            for (int earlier = 0; earlier < later; earlier++) {
                MaskRule one = rules.get(earlier);
                MaskRule other = rules.get(later);
                boolean harmless = one.columns().isEmpty() && one.mask().equals(other.mask());
                if (MaskConflicts.between(one, other).isPresent()) {
                    // told by their names alone
                    continue;
                }
                String meeting = harmless ? null : meeting(one, other);
                if (meeting != null && told.add(Set.of(one.name(), other.name()))) {
                    problems.add(
                            set.places().of(other),
                            "`" + other.name() + "` and `" + one.name() + "` both mask column `" + table.name() + "."
                                    + column.name() + "` for " + meeting
                                    + " — keep one, or tell them apart by `to` and `except`");
                }
            }
        }
    }

    /** Whom both bind, in words; null where no one is known. */
    private @Nullable String meeting(MaskRule one, MaskRule other) {
        if (one.audience().meets(other.audience())) {
            return "the same subjects";
        }
        for (Subject subject : subjects == null ? List.<Subject>of() : subjects.subjects()) {
            if (one.audience().binds(subject) && other.audience().binds(subject)) {
                return "`" + (subject.agent() == null ? subject.userName() : subject.agent()) + "`";
            }
        }
        return null;
    }
}
