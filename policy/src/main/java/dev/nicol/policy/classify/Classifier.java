package dev.nicol.policy.classify;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/** What the detectors together make of a column. */
public final class Classifier {
    /** The share of values a second entity must hold that the surer ones do not explain. */
    private static final double OWN_SHARE = 0.1;

    private Classifier() {}

    /** The entities a column holds, the surest first; empty where nothing speaks clearly enough for any. */
    public static List<Classification> classify(ColumnSample sample) {
        Column column = Column.of(sample);
        if (column.kind() == ColumnKind.NONE) {
            return List.of();
        }
        List<Score> likely = Detectors.ALL.stream()
                .map(detector -> Score.of(detector, column))
                .filter(Objects::nonNull)
                .filter(score -> score.logOdds() > 0)
                .sorted(Comparator.comparingDouble(Score::logOdds).reversed())
                .toList();
        return plausible(likely, column.values().size()).stream()
                .map(score -> new Classification(
                        score.entity(), Math.round(score.confidence() * 1000) / 1000.0, score.words()))
                .toList();
    }

    /** A value is one thing: the surest entity explains what it matches, and a further one needs values of its own. */
    private static List<Score> plausible(List<Score> likely, int values) {
        List<Score> plausible = new ArrayList<>();
        BitSet explained = new BitSet();
        for (Score score : likely) {
            BitSet own = (BitSet) score.matching().clone();
            own.andNot(explained);
            boolean namedOnly = values == 0 && score.telling();
            if (plausible.isEmpty() || namedOnly || own.cardinality() > 1 && own.cardinality() >= OWN_SHARE * values) {
                plausible.add(score);
                explained.or(score.matching());
            }
        }
        return plausible;
    }
}
