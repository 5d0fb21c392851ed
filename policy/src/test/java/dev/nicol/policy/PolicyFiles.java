package dev.nicol.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes policy files for tests. */
public final class PolicyFiles {
    private PolicyFiles() {}

    static Path write(Path directory, String name, String content) {
        try {
            Path file = directory.resolve(name);
            Files.createDirectories(file.getParent());
            return Files.writeString(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static PolicySet load(Path directory, String content) {
        write(directory, "policy.yaml", content);
        return PolicyReader.read(directory);
    }

    /** Problems as text, the directory's own path left out. */
    static List<String> problems(Path directory, String content) {
        write(directory, "policy.yaml", content);
        return problems(directory);
    }

    static List<String> problems(Path directory) {
        try {
            PolicyReader.read(directory);
            return List.of();
        } catch (ProblemsException e) {
            return e.problems().stream()
                    .map(problem -> problem.toString().replace(directory + "/", ""))
                    .toList();
        }
    }
}
