package dev.nicol.adapters.sql;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/**
 * A source's SQL with places for keys of a join: {@code = ?} followed by {@link #MARK}, which becomes the source's way to
 * compare with any of several values. Lists have a few fixed lengths, so that texts repeat and statements stay prepared.
 */
public final class KeyedSql {
    /** Follows the parameter of a key; a character of no meaning, and of no source's SQL. */
    static final String MARK = "\uE000";

    /** Lengths of lists; a shorter one repeats its last key. */
    static final int[] LENGTHS = {8, 64, 512, 4_096};

    private static final String PLACE = "= ?" + MARK;

    private final SourceSql marked;
    private final @Nullable String array;
    private final Predicate<String> texts;

    private KeyedSql(SourceSql marked, @Nullable String array, Predicate<String> texts) {
        this.marked = marked;
        this.array = array;
        this.texts = texts;
    }

    /** Null where the keys are not where they are looked for. */
    static @Nullable KeyedSql of(SourceAdapter adapter, SourceSql marked) {
        long keys = marked.parameters().stream().filter(KeyedSql::isKey).count();
        int places = marked.text().split(PLACE.replace("?", "\\?"), -1).length - 1;
        int marks = marked.text().split(MARK, -1).length - 1;
        if (keys == 0 || keys != places || keys != marks) {
            return null;
        }
        String array = adapter.keysInArray();
        return new KeyedSql(array == null ? marked : arrays(marked), array, adapter::comparesKey);
    }

    private static SourceSql arrays(SourceSql marked) {
        Map<Integer, RelDataType> types = new HashMap<>(marked.parameterTypes());
        types.replaceAll((parameter, type) ->
                isKey(parameter) ? NicolTypeSystem.factory().createArrayType(type, -1) : type);
        return new SourceSql(
                marked.source(),
                marked.text(),
                marked.parameters(),
                types,
                marked.rowType(),
                marked.oneScan(),
                marked.fewRows(),
                null);
    }

    /** The parameter of the n-th of a leaf's columns that are compared with keys. */
    public static int parameter(int column) {
        return JoinKeys.FIRST_PARAMETER + column * (LENGTHS[LENGTHS.length - 1] + 1);
    }

    private static boolean isKey(int parameter) {
        return parameter >= JoinKeys.FIRST_PARAMETER;
    }

    /** Whether all keys of a column can be sent at once. */
    public boolean takes(Collection<Object> keys) {
        return (array != null || keys.size() <= LENGTHS[LENGTHS.length - 1])
                && keys.stream().allMatch(key -> !(key instanceof String text) || texts.test(text));
    }

    /** A statement and the values of its keys. */
    public record Bound(SourceSql sql, Map<Integer, Object> values) {}

    /** What a source would be asked with few keys. */
    public SourceSql shown() {
        Map<Integer, Collection<Object>> one = new HashMap<>();
        marked.parameters().stream().filter(KeyedSql::isKey).forEach(parameter -> one.put(parameter, List.of()));
        return bound(one, new int[] {1}).sql();
    }

    /** @param keys of each column by its {@link #parameter}, none of them empty */
    public Bound bound(Map<Integer, Collection<Object>> keys) {
        return bound(keys, LENGTHS);
    }

    private Bound bound(Map<Integer, Collection<Object>> keys, int[] lengths) {
        Map<Integer, Object> values = new HashMap<>();
        Map<Integer, Integer> sizes = new HashMap<>();
        keys.forEach((parameter, found) -> {
            if (array != null) {
                values.put(parameter, List.copyOf(found));
                return;
            }
            int length = length(found.size(), lengths);
            sizes.put(parameter, length);
            Object last = null;
            int at = parameter;
            for (Object value : found) {
                values.put(at++, value);
                last = value;
            }
            while (last != null && at < parameter + length) {
                values.put(at++, last);
            }
        });
        return new Bound(expanded(sizes), values);
    }

    private static int length(int keys, int[] lengths) {
        for (int length : lengths) {
            if (keys <= length) {
                return length;
            }
        }
        throw new IllegalArgumentException(keys + " keys");
    }

    /** Places and parameters come in the same order: a marked parameter is the place that is next. */
    private SourceSql expanded(Map<Integer, Integer> sizes) {
        StringBuilder text = new StringBuilder();
        List<Integer> parameters = new ArrayList<>();
        Map<Integer, RelDataType> types = new HashMap<>(marked.parameterTypes());
        int from = 0;
        for (int parameter : marked.parameters()) {
            if (!isKey(parameter)) {
                parameters.add(parameter);
                continue;
            }
            int place = marked.text().indexOf(PLACE, from);
            text.append(marked.text(), from, place);
            from = place + PLACE.length();
            if (array != null) {
                text.append(array);
                parameters.add(parameter);
                continue;
            }
            int length = Objects.requireNonNull(sizes.get(parameter), "each column has a size");
            text.append("IN (").append("?, ".repeat(length - 1)).append("?)");
            for (int i = 0; i < length; i++) {
                parameters.add(parameter + i);
                types.put(parameter + i, marked.parameterTypes().get(parameter));
            }
        }
        text.append(marked.text(), from, marked.text().length());
        return new SourceSql(
                marked.source(),
                text.toString(),
                parameters,
                types,
                marked.rowType(),
                marked.oneScan(),
                marked.fewRows(),
                null);
    }
}
