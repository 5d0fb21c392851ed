package dev.nicol.server.catalog;

import dev.nicol.policy.NicolException;
import dev.nicol.policy.Problem;
import dev.nicol.policy.ProblemsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Views from {@code *.sql} files: CREATE VIEW statements, each ended by a semicolon at the end of a line. */
public final class ViewFiles {
    private ViewFiles() {}

    /** Reads one CREATE VIEW. */
    public interface ViewReader {
        /** @param owner what to call its author: the file */
        VirtualSchemas.View view(String statement, String owner);
    }

    /**
     * All views below a directory, all or nothing.
     *
     * @throws ProblemsException with every problem, by file and line
     */
    public static List<VirtualSchemas.View> read(Path directory, ViewReader reader) {
        List<VirtualSchemas.View> views = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        Map<String, String> files = new HashMap<>();
        for (Path file : files(directory)) {
            int line = 1;
            for (String statement : text(file).split("(?<=;)[ \\t]*\\R")) {
                if (!statement.isBlank()) {
                    try {
                        VirtualSchemas.View view = reader.view(
                                statement.strip(), file.getFileName().toString());
                        String before = files.putIfAbsent(VirtualSchemas.key(view.name()), view.owner());
                        if (before != null) {
                            problems.add(new Problem(
                                    file.toString(),
                                    line,
                                    "view `" + view.name() + "` is in " + before + " too — remove one"));
                        }
                        views.add(view);
                    } catch (NicolException refusal) {
                        int blank =
                                statement.length() - statement.stripLeading().length();
                        int at = line + lines(statement.substring(0, blank));
                        problems.add(new Problem(file.toString(), at, String.valueOf(refusal.getMessage())));
                    }
                }
                line += lines(statement) + 1;
            }
        }
        if (!problems.isEmpty()) {
            throw new ProblemsException(problems);
        }
        return views;
    }

    private static int lines(String text) {
        return (int) text.chars().filter(character -> character == '\n').count();
    }

    private static List<Path> files(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(file -> file.toString().endsWith(".sql")).sorted().toList();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
