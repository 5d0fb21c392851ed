package dev.nicol.policy.classify;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;

/**
 * A sample made ready for all detectors: its name in words, its type's family, its distinct values. A value that is there
 * many times says no more than once.
 */
final class Column {
    /** Characters looked at of one value. */
    static final int LONGEST_VALUE = 4096;

    /** Distinct values looked at. */
    static final int MOST_VALUES = 1000;

    /** What stands for a value that is not there. */
    private static final Set<String> ABSENT = Set.of(
            "",
            "-",
            "--",
            "n/a",
            "na",
            "null",
            "none",
            "nil",
            "unknown",
            "tbd",
            "?",
            ".",
            "undefined",
            "not available");

    private final NameWords name;
    private final NameWords table;
    private final ColumnKind kind;
    private final int declaredLength;
    private final List<String> values;

    private Column(NameWords name, NameWords table, RelDataType type, List<String> values) {
        this.name = name;
        this.table = table;
        this.kind = ColumnKind.of(type);
        this.declaredLength =
                kind == ColumnKind.TEXT && type.getPrecision() > 0 ? type.getPrecision() : Integer.MAX_VALUE;
        this.values = values;
    }

    static Column of(ColumnSample sample) {
        boolean number = ColumnKind.of(sample.type()) == ColumnKind.WHOLE_NUMBER;
        Set<String> distinct = new LinkedHashSet<>();
        for (String value : sample.values()) {
            if (distinct.size() == MOST_VALUES) {
                break;
            }
            String text =
                    value.substring(0, Math.min(value.length(), LONGEST_VALUE)).strip();
            if (number && text.endsWith(".0")) {
                text = text.substring(0, text.length() - 2);
            }
            if (text.length() > 13 || !ABSENT.contains(text.toLowerCase(Locale.ROOT))) {
                distinct.add(text);
            }
        }
        return new Column(
                NameWords.of(sample.column()),
                NameWords.of(sample.table().table()),
                sample.type(),
                List.copyOf(distinct));
    }

    NameWords name() {
        return name;
    }

    NameWords table() {
        return table;
    }

    ColumnKind kind() {
        return kind;
    }

    /** Characters that the declared type holds; the greatest integer where it says no length. */
    int declaredLength() {
        return declaredLength;
    }

    /** Distinct, stripped, none that stands for nothing. */
    List<String> values() {
        return values;
    }
}
