package dev.nicol.policy;

import dev.nicol.policy.mask.MaskRule;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds masks that are certain to meet: a name or tag that both name, and a subject that both are for. What only a
 * catalogue or a user directory can tell is found with those at hand; where they change later, {@link PolicyEngine} shows
 * nothing.
 */
public final class MaskConflicts {
    private MaskConflicts() {}

    static void check(PolicySet set, Problems problems) {
        List<MaskRule> masks = set.maskRules();
        for (int later = 1; later < masks.size(); later++) {
            for (int earlier = 0; earlier < later; earlier++) {
                MaskRule one = masks.get(earlier);
                MaskRule other = masks.get(later);
                between(one, other)
                        .ifPresent(
                                place -> problems.add(
                                        set.places().of(other),
                                        "`" + other.name() + "` and `" + one.name() + "` both mask " + place
                                                + " for the same subjects — keep one, or tell them apart by `to` and `except`"));
            }
        }
    }

    /** What both mask for the same subject, in words; empty when that is not certain. */
    public static Optional<String> between(MaskRule one, MaskRule other) {
        Optional<String> place = commonColumn(one, other);
        return place.isPresent() && one.audience().meets(other.audience()) ? place : Optional.empty();
    }

    private static Optional<String> commonColumn(MaskRule one, MaskRule other) {
        for (NamePattern pattern : one.columns()) {
            for (NamePattern against : other.columns()) {
                if (pattern.glob().equalsIgnoreCase(against.glob())
                        || against.exact() && pattern.matches(against.glob())) {
                    return Optional.of("column `" + against.glob() + "`");
                } else if (pattern.exact() && against.matches(pattern.glob())) {
                    return Optional.of("column `" + pattern.glob() + "`");
                }
            }
        }
        Set<String> tags = new TreeSet<>(one.tags());
        tags.retainAll(other.tags());
        return tags.stream().findFirst().map(tag -> "tag `" + tag + "`");
    }
}
