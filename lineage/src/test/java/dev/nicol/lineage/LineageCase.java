package dev.nicol.lineage;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * One case of a corpus file: blocks apart by blank lines, each a title ({@code #}), SQL, and the expected edges.
 *
 * <p>An edge is {@code => target: table.column KIND [masked]}; the target {@code *} is the statement as a whole; tables
 * are of {@code crm.public}. {@code => nothing} stands for no edges and {@code => unknown} for UNKNOWN.
 */
record LineageCase(String title, String sql, List<String> expected) {
    @Override
    public String toString() {
        return title;
    }

    static List<LineageCase> read(String resource) {
        try (InputStream file = Objects.requireNonNull(LineageCase.class.getResourceAsStream(resource), resource)) {
            String text = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            List<LineageCase> cases = new ArrayList<>();
            for (String block : text.split("\n\\s*\n")) {
                if (!block.isBlank()) {
                    cases.add(parse(block.strip()));
                }
            }
            return cases;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static LineageCase parse(String block) {
        StringBuilder title = new StringBuilder();
        StringBuilder sql = new StringBuilder();
        List<String> expected = new ArrayList<>();
        for (String line : block.split("\n")) {
            if (line.startsWith("# ")) {
                title.append(line.substring(2)).append(' ');
            } else if (line.startsWith("=> ")) {
                expected.add(line.substring(3).strip());
            } else {
                sql.append(line).append('\n');
            }
        }
        if (title.isEmpty() || sql.isEmpty() || expected.isEmpty()) {
            throw new IllegalArgumentException("a case needs a title, SQL and expected edges: " + block);
        }
        return new LineageCase(title.toString().strip(), sql.toString().strip(), expected);
    }

    /** A lineage in the words of the corpus. */
    static List<String> words(Lineage lineage) {
        if (!lineage.complete()) {
            return List.of("unknown");
        }
        List<String> words = lineage.edges().stream()
                .map(edge -> (edge.targetColumn() == null ? "*" : edge.targetColumn())
                        + ": "
                        + edge.sourceTable().toString().replace("crm.public.", "")
                        + "."
                        + edge.sourceColumn()
                        + " "
                        + edge.kind()
                        + (edge.masked() ? " masked" : ""))
                .toList();
        return words.isEmpty() ? List.of("nothing") : words;
    }
}
