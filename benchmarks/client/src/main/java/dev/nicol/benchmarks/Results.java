package dev.nicol.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a case gave: of each variant the rounds of each number, or why there are none. */
final class Results {
    private final String name;
    private final Map<String, Map<String, List<Double>>> rounds = new LinkedHashMap<>();
    private final Map<String, String> failures = new LinkedHashMap<>();
    private final Map<String, String> notes = new LinkedHashMap<>();

    Results(String name, List<String> variants) {
        this.name = name;
        variants.forEach(variant -> rounds.put(variant, new LinkedHashMap<>()));
    }

    /** Of the variants whose names end so, under their names before that. */
    Results only(String caseName, String ending) {
        Results some = new Results(caseName, List.of());
        for (String variant : variants()) {
            if (variant.endsWith(ending)) {
                String rest = variant.substring(0, variant.length() - ending.length());
                some.rounds.put(rest, rounds.get(variant));
                if (failures.containsKey(variant)) {
                    some.failures.put(rest, failures.get(variant));
                }
            }
        }
        return some;
    }

    void add(String variant, Map<String, Double> measured) {
        measured.forEach((number, value) -> rounds.get(variant)
                .computeIfAbsent(number, unseen -> new ArrayList<>())
                .add(value));
    }

    void fail(String variant, String reason) {
        failures.put(variant, reason);
    }

    /** Something to say of a variant, such as that its answer was wrong. */
    void note(String variant, String text) {
        notes.put(variant, text);
    }

    String name() {
        return name;
    }

    List<String> variants() {
        return List.copyOf(rounds.keySet());
    }

    @Nullable
    String failure(String variant) {
        return failures.get(variant);
    }

    @Nullable
    String note(String variant) {
        return notes.get(variant);
    }

    /** The names of what was measured of a variant. */
    List<String> numbers(String variant) {
        return List.copyOf(rounds.get(variant).keySet());
    }

    List<Double> rounds(String variant, String number) {
        return rounds.get(variant).getOrDefault(number, List.of());
    }

    /** NaN where there is none. */
    double median(String variant, String number) {
        return median(rounds(variant, number));
    }

    /** The median of one variant over that of another; NaN where either failed. */
    double ratio(String variant, String other, String number) {
        boolean both = failure(variant) == null && failure(other) == null;
        return both ? median(variant, number) / median(other, number) : Double.NaN;
    }

    /** The median of what a round gave of one variant over what it gave of another. */
    double ratioByRound(String variant, String other, String number) {
        List<Double> over = rounds(variant, number);
        List<Double> under = rounds(other, number);
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < Math.min(over.size(), under.size()); round++) {
            ratios.add(over.get(round) / under.get(round));
        }
        return median(ratios);
    }

    private static double median(List<Double> values) {
        if (values.isEmpty()) {
            return Double.NaN;
        }
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
