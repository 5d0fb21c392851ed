package dev.nicol.policy;

import java.util.List;
import java.util.stream.Collectors;

/** A file, or a directory of files, that cannot be used; carries every problem. */
public final class ProblemsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient List<Problem> problems;

    public ProblemsException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /** Never empty. */
    public List<Problem> problems() {
        return problems;
    }
}
