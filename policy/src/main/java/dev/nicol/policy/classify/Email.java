package dev.nicol.policy.classify;

import java.util.Optional;
import java.util.regex.Pattern;

/** {@code EMAIL}: addresses of mail. */
final class Email implements Detector {
    private static final Pattern ADDRESS = Pattern.compile("[^@\\s]+@[^@\\s]+\\.[^@\\s.]{2,}");

    @Override
    public String entity() {
        return "EMAIL";
    }

    @Override
    public Optional<Classification> detect(ColumnSample sample) {
        long matching = sample.values().stream()
                .filter(value -> ADDRESS.matcher(value).matches())
                .count();
        return matching > 0 && matching * 2 >= sample.values().size()
                ? Optional.of(new Classification(entity(), 0.9, "more than half of the values are addresses"))
                : Optional.empty();
    }
}
