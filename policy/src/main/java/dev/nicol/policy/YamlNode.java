package dev.nicol.policy;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One value of a YAML file, with its line. Reading a key the wrong way adds a problem and answers the default, so that a
 * reader goes on and finds every problem. Values that came from the environment are never shown in problems.
 */
public final class YamlNode {
    /** What a value is. */
    public enum Kind {
        MAP,
        LIST,
        TEXT,
        NUMBER,
        BOOLEAN,
        NULL
    }

    /** Numbers of so many digits are always a Long. */
    private static final int LONG_DIGITS = 18;

    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");

    private final Path file;
    private final Problems problems;
    private final int line;
    private final Kind kind;
    private final String text;
    private final boolean fromEnvironment;
    private final Map<String, YamlNode> entries;
    private final List<YamlNode> items;

    YamlNode(
            Path file,
            Problems problems,
            int line,
            Kind kind,
            String text,
            boolean fromEnvironment,
            Map<String, YamlNode> entries,
            List<YamlNode> items) {
        this.file = file;
        this.problems = problems;
        this.line = line;
        this.kind = kind;
        this.text = text;
        this.fromEnvironment = fromEnvironment;
        this.entries = entries;
        this.items = items;
    }

    /** The same value, told at its key's line: a block map's own position is its first key's. */
    YamlNode at(int keyLine) {
        return new YamlNode(file, problems, keyLine, kind, text, fromEnvironment, entries, items);
    }

    public int line() {
        return line;
    }

    /** {@code file:line}. */
    public String place() {
        return file + ":" + line;
    }

    /** Its file and line. */
    public Place position() {
        return new Place(file.toString(), line);
    }

    public Kind kind() {
        return kind;
    }

    public boolean isMap() {
        return kind == Kind.MAP;
    }

    /** Adds a problem at this value's line. */
    public void problem(String message) {
        problems.add(file, line, message);
    }

    String kindWords() {
        return switch (kind) {
            case MAP -> "a map";
            case LIST -> "a list";
            case TEXT -> "text";
            case NUMBER -> "a number";
            case BOOLEAN -> "true or false";
            case NULL -> "nothing";
        };
    }

    /** The value in backticks for a message, unless it may be a secret. */
    public String shown() {
        return fromEnvironment ? "the value from the environment" : isScalar() ? "`" + text + "`" : kindWords();
    }

    /** A scalar as it is written; the empty string for maps and lists. */
    public String scalarText() {
        return text;
    }

    public boolean isScalar() {
        return kind == Kind.TEXT || kind == Kind.NUMBER || kind == Kind.BOOLEAN;
    }

    /** A scalar as String, Long, BigDecimal or Boolean; null for maps, lists and numbers that are none. */
    public @Nullable Object scalarValue() {
        try {
            return switch (kind) {
                case TEXT -> text;
                case BOOLEAN -> Boolean.valueOf(text);
                case NUMBER -> {
                    BigDecimal number = new BigDecimal(text.replace("_", ""));
                    yield number.scale() <= 0 && number.precision() - (long) number.scale() <= LONG_DIGITS
                            ? (Object) number.longValueExact()
                            : number;
                }
                case MAP, LIST, NULL -> null;
            };
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** A map's entries in order; those without a value, which are already problems, left out. */
    public Map<String, YamlNode> entries() {
        Map<String, YamlNode> present = new LinkedHashMap<>();
        entries.forEach((key, value) -> {
            if (value.kind != Kind.NULL) {
                present.put(key, value);
            }
        });
        return present;
    }

    public List<YamlNode> items() {
        return List.copyOf(items);
    }

    /** Every key that is not known is a problem, told with the nearest known one. */
    public void only(Collection<String> known) {
        entries.forEach((key, value) -> {
            if (!known.contains(key)) {
                String hint = NearestName.hint(key, known);
                value.problem("unknown key `" + key + "`"
                        + (hint.isEmpty() ? " — known here: " + String.join(", ", known) : hint));
            }
        });
    }

    public boolean has(String key) {
        return entries.containsKey(key);
    }

    /** The value of a key; null when the key is missing or has none. */
    public @Nullable YamlNode child(String key) {
        YamlNode value = entries.get(key);
        return value == null || value.kind == Kind.NULL ? null : value;
    }

    /** Like {@link #child}, and a missing key is a problem. */
    public @Nullable YamlNode required(String key) {
        if (!entries.containsKey(key)) {
            problem("`" + key + "` is missing — add it");
        }
        return child(key);
    }

    /** The key's map; null when missing or not a map. */
    public @Nullable YamlNode section(String key) {
        YamlNode value = child(key);
        if (value != null && !value.isMap()) {
            value.problem("`" + key + "` must be a map of keys, not " + value.kindWords());
            return null;
        }
        return value;
    }

    /** The key's text; numbers and booleans are taken as they are written. */
    public @Nullable String text(String key) {
        YamlNode value = child(key);
        if (value == null) {
            return null;
        }
        if (!value.isScalar()) {
            value.problem("`" + key + "` must be text, not " + value.kindWords());
            return null;
        }
        if (value.text.isBlank()) {
            // an empty value from the environment may be meant, such as an empty password
            if (!value.fromEnvironment) {
                value.problem("`" + key + "` is empty — give a value, or remove the key");
            }
            return value.fromEnvironment ? value.text : null;
        }
        return value.text;
    }

    /** Like {@link #text}; a missing key is a problem and answers the empty string. */
    public String requiredText(String key) {
        required(key);
        String value = text(key);
        return value == null ? "" : value;
    }

    /** A whole number from {@code min} to {@code max}, both included. */
    public long integer(String key, long otherwise, long min, long max) {
        YamlNode value = child(key);
        if (value == null) {
            return otherwise;
        }
        try {
            if (value.isScalar() && value.kind != Kind.BOOLEAN) {
                long number = Long.parseLong(value.text.replace("_", ""));
                if (number >= min && number <= max) {
                    return number;
                }
            }
        } catch (NumberFormatException e) {
            // told below, as a number out of range is
        }
        value.problem("`" + key + "` must be a whole number from " + min + " to " + max + ", not " + value.shown());
        return otherwise;
    }

    public boolean bool(String key, boolean otherwise) {
        YamlNode value = child(key);
        if (value == null) {
            return otherwise;
        }
        if (value.isScalar() && (value.text.equals("true") || value.text.equals("false"))) {
            return value.text.equals("true");
        }
        value.problem("`" + key + "` must be true or false, not " + value.shown());
        return otherwise;
    }

    /** One of the words; null when missing or another. */
    public @Nullable String word(String key, Collection<String> known) {
        String value = text(key);
        if (value == null || known.contains(value)) {
            return value;
        }
        YamlNode node = entries.get(key);
        if (node != null) {
            node.problem("`" + key + "` cannot be " + node.shown() + " — use one of " + String.join(", ", known));
        }
        return null;
    }

    /** A positive time span such as {@code 4h}: a number and one of ms, s, m, h, d. */
    public @Nullable Duration duration(String key) {
        YamlNode value = child(key);
        if (value == null) {
            return null;
        }
        Matcher parts = DURATION.matcher(value.text);
        if (parts.matches() && Long.parseLong(parts.group(1)) > 0) {
            long amount = Long.parseLong(parts.group(1));
            return switch (parts.group(2)) {
                case "ms" -> Duration.ofMillis(amount);
                case "s" -> Duration.ofSeconds(amount);
                case "m" -> Duration.ofMinutes(amount);
                case "h" -> Duration.ofHours(amount);
                default -> Duration.ofDays(amount);
            };
        }
        value.problem("`" + key + "` must be a time span such as `30s`, `4h` or `400d`, not " + value.shown());
        return null;
    }

    /** A moment with its zone, such as {@code 2027-01-31T00:00:00Z}. */
    public @Nullable Instant instant(String key) {
        YamlNode value = child(key);
        if (value == null) {
            return null;
        }
        try {
            return OffsetDateTime.parse(value.text).toInstant();
        } catch (DateTimeException e) {
            value.problem("`" + key + "` must be a moment with its zone such as `2027-01-31T00:00:00Z`, not "
                    + value.shown());
            return null;
        }
    }

    /** The entries of a list; a list with none is a problem. Empty when missing. */
    public List<YamlNode> list(String key) {
        YamlNode value = child(key);
        if (value == null) {
            return List.of();
        }
        if (value.kind != Kind.LIST) {
            value.problem("`" + key + "` must be a list, not " + value.kindWords()
                    + (value.isScalar() ? " — write it in `[` and `]`" : ""));
            return List.of();
        }
        if (value.items.isEmpty()) {
            value.problem("`" + key + "` is an empty list — name at least one, or remove the key");
        }
        return value.items;
    }

    /** The list's entries that are text; others are problems. */
    public List<YamlNode> words(String key) {
        List<YamlNode> words = new ArrayList<>();
        for (YamlNode item : list(key)) {
            if (!item.isScalar() || item.text.isBlank()) {
                item.problem("an entry of `" + key + "` must be text, not "
                        + (item.isScalar() ? "empty" : item.kindWords()));
            } else {
                words.add(item);
            }
        }
        return words;
    }

    /** The list's texts. */
    public List<String> texts(String key) {
        return words(key).stream().map(YamlNode::scalarText).toList();
    }

    /** A map of texts, in order; empty when missing. */
    public Map<String, String> textMap(String key) {
        YamlNode section = section(key);
        Map<String, String> texts = new LinkedHashMap<>();
        if (section != null) {
            for (String name : section.entries.keySet()) {
                String value = section.text(name);
                if (value != null) {
                    texts.put(name, value);
                }
            }
        }
        return texts;
    }
}
