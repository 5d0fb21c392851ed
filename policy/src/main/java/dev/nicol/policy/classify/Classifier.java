package dev.nicol.policy.classify;

import java.util.List;

/** What the detectors together make of a column. */
public final class Classifier {
    private Classifier() {}

    /** The entities a column holds, the surest first; empty where nothing speaks clearly enough for any. */
    public static List<Classification> classify(ColumnSample sample) {
        return Detectors.ALL.stream()
                .flatMap(detector -> detector.detect(sample).stream())
                .sorted((one, other) -> Double.compare(other.confidence(), one.confidence()))
                .toList();
    }
}
