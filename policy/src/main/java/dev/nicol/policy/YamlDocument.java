package dev.nicol.policy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a YAML file into a tree that remembers lines. Stricter than YAML where YAML hides mistakes: duplicate keys, keys
 * without a value, aliases, and files with nothing in them (a file caught while it is being written) are problems.
 */
public final class YamlDocument {
    /** Longest file that is read, in bytes. */
    public static final long MAX_FILE_BYTES = 2 << 20;

    private static final YAMLFactory FACTORY = new YAMLFactory();
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([^}]*)}");
    private static final Pattern VARIABLE_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private final Path file;
    private final Problems problems;
    private final @Nullable Function<String, @Nullable String> environment;

    private final boolean nullEntries;

    private YamlDocument(
            Path file,
            Problems problems,
            @Nullable Function<String, @Nullable String> environment,
            boolean nullEntries) {
        this.file = file;
        this.problems = problems;
        this.environment = environment;
        this.nullEntries = nullEntries;
    }

    /** The file's top-level map; null when it cannot be read at all, which {@code problems} then tells. */
    public static @Nullable YamlNode read(Path file, Problems problems) {
        return new YamlDocument(file, problems, null, false).root();
    }

    /** The same for files in which {@code null} may stand in a list: rows of values. */
    public static @Nullable YamlNode readRows(Path file, Problems problems) {
        return new YamlDocument(file, problems, null, true).root();
    }

    /**
     * The same, with {@code ${NAME}} in values replaced.
     *
     * @param environment answers a variable's value, or null when there is none
     */
    public static @Nullable YamlNode read(
            Path file, Problems problems, Function<String, @Nullable String> environment) {
        return new YamlDocument(file, problems, environment, false).root();
    }

    private @Nullable YamlNode root() {
        String content = content();
        if (content == null) {
            return null;
        }
        try (YAMLParser parser = FACTORY.createParser(content)) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                problems.add(file, 0, "the file is empty — write its keys, or remove the file");
                return null;
            }
            YamlNode root = node(parser, first);
            if (parser.nextToken() != null) {
                problems.add(file, line(parser), "a second document begins here — write one document a file");
            }
            if (!root.isMap()) {
                root.problem("the file must be a map of keys, not " + root.kindWords());
                return null;
            }
            return root;
        } catch (JsonProcessingException e) {
            syntaxProblem(e);
            return null;
        } catch (IOException e) {
            problems.add(file, 0, "cannot be read — check the file and its permissions");
            return null;
        }
    }

    private @Nullable String content() {
        try {
            if (Files.isDirectory(file)) {
                problems.add(file, 0, "is a directory, and a file is needed");
                return null;
            }
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                problems.add(file, 0, "is not a regular file — put a file here");
                return null;
            }
            if (Files.size(file) > MAX_FILE_BYTES) {
                problems.add(file, 0, "is larger than " + MAX_FILE_BYTES + " bytes — split it");
                return null;
            }
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            problems.add(file, 0, "no such file — create it, or correct the path");
        } catch (CharacterCodingException e) {
            problems.add(file, 0, "is not UTF-8 text — save it as UTF-8");
        } catch (IOException e) {
            problems.add(file, 0, "cannot be read — check the file and its permissions");
        }
        return null;
    }

    /** Snakeyaml's own message quotes the line, which may hold a password: only its last clause is told. */
    private void syntaxProblem(JsonProcessingException failure) {
        if (failure.getCause() instanceof org.yaml.snakeyaml.error.MarkedYAMLException marked) {
            int line = marked.getProblemMark() == null
                    ? 0
                    : marked.getProblemMark().getLine() + 1;
            problems.add(file, line, "not valid YAML: " + marked.getProblem() + " — mend the syntax here");
        } else if (failure instanceof StreamConstraintsException) {
            problems.add(file, 0, "is nested too deeply, or a value in it is too long — simplify it");
        } else {
            int line = failure.getLocation() == null ? 0 : failure.getLocation().getLineNr();
            problems.add(file, line, "not valid YAML — mend the syntax here");
        }
    }

    private YamlNode node(YAMLParser parser, JsonToken token) throws IOException {
        int line = line(parser);
        if (parser.isCurrentAlias()) {
            problems.add(file, line, "aliases (`*name`) are not supported — write the value out");
        }
        return switch (token) {
            case START_OBJECT -> map(parser, line);
            case START_ARRAY -> list(parser, line);
            case VALUE_STRING -> text(parser.getText(), line);
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> scalar(YamlNode.Kind.NUMBER, parser.getText(), line);
            case VALUE_TRUE, VALUE_FALSE -> scalar(YamlNode.Kind.BOOLEAN, parser.getText(), line);
            case VALUE_NULL -> scalar(YamlNode.Kind.NULL, "", line);
            default -> {
                problems.add(file, line, "a value of this kind is not supported — write text, a number or a boolean");
                yield scalar(YamlNode.Kind.NULL, "", line);
            }
        };
    }

    private YamlNode map(YAMLParser parser, int line) throws IOException {
        Map<String, YamlNode> entries = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            int keyLine = line(parser);
            YamlNode value = node(parser, parser.nextToken());
            if (value.kind() == YamlNode.Kind.NULL) {
                problems.add(file, keyLine, "`" + key + "` has no value — give one, or remove the key");
            }
            YamlNode earlier = entries.putIfAbsent(key, value.at(keyLine));
            if (earlier != null) {
                problems.add(
                        file,
                        keyLine,
                        "`" + key + "` is here twice (first in line " + earlier.line() + ") — keep one of them");
            }
        }
        return new YamlNode(file, problems, line, YamlNode.Kind.MAP, "", false, entries, List.of());
    }

    private YamlNode list(YAMLParser parser, int line) throws IOException {
        List<YamlNode> items = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            YamlNode item = node(parser, token);
            if (item.kind() == YamlNode.Kind.NULL && !nullEntries) {
                item.problem("an entry of the list has no value — give one, or remove it");
            } else {
                items.add(item);
            }
        }
        return new YamlNode(file, problems, line, YamlNode.Kind.LIST, "", false, Map.of(), items);
    }

    private YamlNode text(String raw, int line) {
        if (environment == null || !raw.contains("${")) {
            return scalar(YamlNode.Kind.TEXT, raw, line);
        }
        Matcher variables = VARIABLE.matcher(raw);
        StringBuilder replaced = new StringBuilder();
        while (variables.find()) {
            String name = variables.group(1);
            String value = "";
            if (!VARIABLE_NAME.matcher(name).matches()) {
                problems.add(file, line, "`${" + name + "}` is not a variable's name — write `${NAME}`");
            } else {
                String found = environment.apply(name);
                if (found == null) {
                    problems.add(
                            file, line, "`${" + name + "}` is not set in the environment — set the variable " + name);
                } else {
                    value = found;
                }
            }
            variables.appendReplacement(replaced, Matcher.quoteReplacement(value));
        }
        variables.appendTail(replaced);
        return new YamlNode(file, problems, line, YamlNode.Kind.TEXT, replaced.toString(), true, Map.of(), List.of());
    }

    private YamlNode scalar(YamlNode.Kind kind, String text, int line) {
        return new YamlNode(file, problems, line, kind, text, false, Map.of(), List.of());
    }

    private static int line(YAMLParser parser) {
        return parser.currentTokenLocation().getLineNr();
    }
}
