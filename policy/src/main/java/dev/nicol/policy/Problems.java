package dev.nicol.policy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects every problem of one load, so that a person sees them all at once. Used by one thread. */
public final class Problems {
    private final List<Problem> found = new ArrayList<>();

    public void add(Path file, int line, String message) {
        found.add(new Problem(file.toString(), line, message));
    }

    public void add(Place place, String message) {
        found.add(new Problem(place.file(), place.line(), message));
    }

    public boolean isEmpty() {
        return found.isEmpty();
    }

    /** How many were added so far. */
    int count() {
        return found.size();
    }

    /** Sorted by file and line; the same problem is told once. */
    public List<Problem> list() {
        return found.stream()
                .distinct()
                .sorted(Comparator.comparing(Problem::file).thenComparingInt(Problem::line))
                .toList();
    }

    /** @throws ProblemsException when there are any */
    public void throwIfAny() {
        if (!found.isEmpty()) {
            throw new ProblemsException(list());
        }
    }
}
