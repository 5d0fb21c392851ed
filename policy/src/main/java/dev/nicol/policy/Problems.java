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

    public boolean isEmpty() {
        return found.isEmpty();
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
