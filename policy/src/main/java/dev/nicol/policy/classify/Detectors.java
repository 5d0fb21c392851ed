package dev.nicol.policy.classify;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The one explicit list of detectors. */
public final class Detectors {
    public static final List<Detector> ALL = List.of(new Email());

    private Detectors() {}

    /** Every tag that there can be. */
    public static Set<String> entities() {
        return ALL.stream().map(Detector::entity).collect(Collectors.toUnmodifiableSet());
    }
}
