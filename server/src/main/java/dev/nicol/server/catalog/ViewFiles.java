package dev.nicol.server.catalog;

import dev.nicol.policy.NicolException;
import dev.nicol.policy.Problem;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.TableName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Views from {@code *.sql} files: CREATE VIEW and COMMENT statements, each ended by a semicolon at the end of a line. */
public final class ViewFiles {
    private ViewFiles() {}

    /** Reads one statement of a file. */
    public interface DefinitionReader {
        /** @param owner what to call its author: the file */
        Definition read(String statement, String owner);
    }

    /** A view, or a comment; the other is null. */
    public record Definition(
            VirtualSchemas.@Nullable View view, @Nullable Comment comment) {}

    /**
     * A comment.
     *
     * @param view null where it is on the schema
     * @param column null where it is on the view itself
     * @param text null takes it away
     */
    public record Comment(
            @Nullable TableName view,
            String schema,
            @Nullable String column,
            @Nullable String text) {}

    private record Placed(Comment comment, Path file, int line) {}

    /**
     * All views below a directory, all or nothing.
     *
     * @throws ProblemsException with every problem, by file and line
     */
    public static VirtualSchemas.FileViews read(Path directory, DefinitionReader reader) {
        return new Reading(reader).of(directory);
    }

    /** One look at all files. */
    private static final class Reading {
        private final DefinitionReader reader;
        private final Map<String, VirtualSchemas.View> views = new LinkedHashMap<>();
        private final List<Placed> comments = new ArrayList<>();
        private final List<Problem> problems = new ArrayList<>();

        Reading(DefinitionReader reader) {
            this.reader = reader;
        }

        VirtualSchemas.FileViews of(Path directory) {
            for (Path file : files(directory)) {
                int line = 1;
                for (String statement : text(file).split("(?<=;)[ \\t]*\\R")) {
                    if (!statement.isBlank()) {
                        int blank =
                                statement.length() - statement.stripLeading().length();
                        statement(file, line + lines(statement.substring(0, blank)), statement.strip());
                    }
                    line += lines(statement) + 1;
                }
            }
            // on views of any file, whatever their order
            Map<String, String> remarks = new TreeMap<>();
            comments.forEach(comment -> comment(comment, remarks));
            if (!problems.isEmpty()) {
                throw new ProblemsException(problems);
            }
            return new VirtualSchemas.FileViews(List.copyOf(views.values()), remarks);
        }

        private void statement(Path file, int line, String statement) {
            try {
                Definition read = reader.read(statement, file.getFileName().toString());
                VirtualSchemas.View view = read.view();
                Comment comment = read.comment();
                if (comment != null) {
                    comments.add(new Placed(comment, file, line));
                } else if (view != null) {
                    VirtualSchemas.View before = views.putIfAbsent(VirtualSchemas.key(view.name()), view);
                    if (before != null) {
                        problems.add(new Problem(
                                file.toString(),
                                line,
                                "view `" + view.name() + "` is in " + before.owner() + " too — remove one"));
                    }
                }
            } catch (NicolException refusal) {
                problems.add(new Problem(file.toString(), line, String.valueOf(refusal.getMessage())));
            }
        }

        private void comment(Placed placed, Map<String, String> remarks) {
            Comment comment = placed.comment();
            TableName name = comment.view();
            if (name == null) {
                Map<String, String> changed =
                        ViewComments.with(remarks, VirtualSchemas.lower(comment.schema()), comment.text());
                remarks.clear();
                remarks.putAll(changed);
                return;
            }
            VirtualSchemas.View view = views.get(VirtualSchemas.key(name));
            if (view == null) {
                problems.add(new Problem(
                        placed.file().toString(),
                        placed.line(),
                        "view `" + name + "` is in no file — comment on it in SQL, or correct the name"));
                return;
            }
            String of = comment.column() == null ? "" : comment.column();
            views.put(VirtualSchemas.key(name), view.commented(ViewComments.with(view.comments(), of, comment.text())));
        }
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
