package dev.nicol.policy.check;

import dev.nicol.policy.Grant;
import dev.nicol.policy.PolicyCheck;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Problems;
import java.time.Clock;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Holds a policy set against what there is. Tells what is certain only: names of a source that has never answered, and
 * people of a directory that cannot be listed, are taken as they are written.
 */
public final class CatalogueCheck implements PolicyCheck {
    private final KnownCatalogue catalogue;
    private final @Nullable KnownSubjects subjects;
    private final Set<String> tags;
    private final Clock clock;

    /**
     * @param subjects null where not everyone is known, as with tokens
     * @param tags every tag that classification can give
     */
    public CatalogueCheck(KnownCatalogue catalogue, @Nullable KnownSubjects subjects, Set<String> tags, Clock clock) {
        this.catalogue = catalogue;
        this.subjects = subjects;
        this.tags = Set.copyOf(tags);
        this.clock = clock;
    }

    @Override
    public void check(PolicySet set, Problems problems) {
        for (Grant grant : set.grants()) {
            if (!grant.liveAt(clock.instant())) {
                problems.add(
                        set.places().of(grant, "until", null),
                        "`" + grant.name() + "` can never open anything: `until` is past (" + grant.until()
                                + ") — remove the grant, or extend it");
            }
        }
        new NameCheck(set, catalogue, tags, problems).check();
        new ExpressionCheck(set, catalogue, subjects, problems).check();
        new MaskCheck(set, catalogue, subjects, problems).check();
        if (subjects != null) {
            new SubjectCheck(set, subjects, problems).check();
        }
    }
}
