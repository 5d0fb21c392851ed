package dev.nicol.server.scenario;

import dev.nicol.policy.Problems;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.YamlDocument;
import dev.nicol.policy.YamlNode;
import dev.nicol.server.scenario.Scenario.Expected;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads a directory of scenario files: all of them or none. */
final class ScenarioReader {
    private static final List<String> KEYS = List.of("name", "given", "when", "then");
    private static final List<String> GIVEN =
            List.of("user", "agent", "on_behalf_of", "purpose", "job", "model", "client");
    private static final List<String> THEN =
            List.of("rows", "rows_in_any_order", "count", "columns", "verdict", "rules", "error");
    private static final List<String> VERDICTS = List.of("allowed", "warned", "held", "denied");

    private final Problems problems = new Problems();
    private final List<Scenario> scenarios = new ArrayList<>();

    private ScenarioReader() {}

    /**
     * Reads every {@code *.yaml} below the directory, in the order of their paths.
     *
     * @throws ProblemsException with every problem; a directory without a scenario is one
     */
    static List<Scenario> read(Path directory) {
        ScenarioReader reader = new ScenarioReader();
        for (Path file : reader.files(directory)) {
            YamlNode root = YamlDocument.readRows(file, reader.problems);
            if (root != null) {
                root.only(List.of("scenarios"));
                root.required("scenarios");
                root.list("scenarios").forEach(reader::scenario);
            }
        }
        reader.problems.throwIfAny();
        if (reader.scenarios.isEmpty()) {
            reader.problems.add(directory, 0, "has no scenarios — write some into a *.yaml file below it");
            reader.problems.throwIfAny();
        }
        return reader.scenarios;
    }

    private List<Path> files(Path directory) {
        if (!Files.isDirectory(directory)) {
            problems.add(directory, 0, "no such directory of scenarios");
            return List.of();
        }
        try (Stream<Path> walk = Files.walk(directory)) {
            return walk.filter(file -> file.toString().endsWith(".yaml"))
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException unreadable) {
            problems.add(directory, 0, "cannot be read — check its permissions");
            return List.of();
        }
    }

    private void scenario(YamlNode node) {
        node.only(KEYS);
        String name = node.requiredText("name");
        String sql = node.requiredText("when");
        node.required("given");
        node.required("then");
        YamlNode given = node.section("given");
        YamlNode then = node.section("then");
        if (given != null && then != null) {
            scenarios.add(new Scenario(node.place(), name, user(given), stated(given), sql, expected(then)));
        }
    }

    private static String user(YamlNode given) {
        given.only(GIVEN);
        if (given.has("user") == given.has("agent")) {
            given.problem("`given` names either a `user` or an `agent` — write one of them");
        }
        return given.requiredText(given.has("agent") ? "agent" : "user");
    }

    private static Map<String, String> stated(YamlNode given) {
        Map<String, String> stated = new HashMap<>();
        for (String property : GIVEN.subList(2, GIVEN.size())) {
            String value = given.text(property);
            if (value != null) {
                stated.put(property, value);
            }
        }
        return stated;
    }

    private static Expected expected(YamlNode then) {
        then.only(THEN);
        if (then.entries().isEmpty() || then.has("rows") && then.has("rows_in_any_order")) {
            then.problem("`then` says what must come of it — `rows` or `rows_in_any_order`, `count`, `columns`,"
                    + " `verdict`, `rules`, `error`");
        }
        if (then.has("error") && (then.has("rows") || then.has("rows_in_any_order") || then.has("count"))) {
            then.problem("what is refused has no rows — write `error` or `rows`");
        }
        boolean anyOrder = then.has("rows_in_any_order");
        return new Expected(
                anyOrder || then.has("rows") ? rows(then, anyOrder ? "rows_in_any_order" : "rows") : null,
                anyOrder,
                then.has("count") ? then.integer("count", 0, 0, Long.MAX_VALUE) : null,
                then.has("columns") ? then.texts("columns") : null,
                then.word("verdict", VERDICTS),
                then.texts("rules"),
                then.text("error"));
    }

    private static List<List<@Nullable String>> rows(YamlNode then, String key) {
        List<List<@Nullable String>> rows = new ArrayList<>();
        YamlNode list = then.child(key);
        // An empty list says that nothing may be seen.
        for (YamlNode row : list == null ? List.<YamlNode>of() : list.items()) {
            if (row.kind() != YamlNode.Kind.LIST) {
                row.problem("a row is a list of values, such as `[1, \"x\", null]`");
            }
            List<@Nullable String> values = new ArrayList<>();
            for (YamlNode value : row.items()) {
                values.add(value.isScalar() ? value.scalarText() : null);
            }
            rows.add(values);
        }
        return rows;
    }
}
