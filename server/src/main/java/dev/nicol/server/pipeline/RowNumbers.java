package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOrderBy;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.jspecify.annotations.Nullable;

/**
 * Which parameters of a statement say how many rows. A number below zero means another thing at each kind of source, all rows
 * or a failure, and so does NULL: here it is what it is in PostgreSQL.
 *
 * @param limits indexes of those in LIMIT and FETCH
 * @param offsets indexes of those in OFFSET
 */
record RowNumbers(Set<Integer> limits, Set<Integer> offsets) {
    /** Stands for no limit: no answer has more rows, as a parameter's type is INTEGER. */
    private static final Integer ALL = Integer.MAX_VALUE;

    static final RowNumbers NONE = new RowNumbers(Set.of(), Set.of());

    /** Those of a validated statement, its sub-queries' among them. */
    static RowNumbers in(SqlNode statement) {
        Set<Integer> limits = new HashSet<>();
        Set<Integer> offsets = new HashSet<>();
        statement.accept(new SqlBasicVisitor<@Nullable Void>() {
            @Override
            public @Nullable Void visit(SqlCall call) {
                if (call instanceof SqlSelect select) {
                    add(select.getFetch(), limits);
                    add(select.getOffset(), offsets);
                } else if (call instanceof SqlOrderBy ordered) {
                    add(ordered.fetch, limits);
                    add(ordered.offset, offsets);
                }
                return super.visit(call);
            }
        });
        return limits.isEmpty() && offsets.isEmpty() ? NONE : new RowNumbers(limits, offsets);
    }

    private static void add(@Nullable SqlNode number, Set<Integer> indexes) {
        if (number instanceof SqlDynamicParam parameter) {
            indexes.add(parameter.getIndex());
        }
    }

    /** The values that a statement runs with. */
    static List<@Nullable Object> checked(GuardedStatement guarded, List<@Nullable Object> values) {
        ValidatedStatement.Checked checked =
                guarded.traced().governed().validated().checked();
        return checked == null || checked.rowNumbers().equals(NONE)
                ? values
                : checked.rowNumbers().of(values);
    }

    /**
     * NULL is replaced by what it stands for.
     *
     * @throws dev.nicol.policy.NicolException {@code NEGATIVE_LIMIT} or {@code NEGATIVE_OFFSET}
     */
    private List<@Nullable Object> of(List<@Nullable Object> values) {
        List<@Nullable Object> numbers = new ArrayList<>(values);
        for (int i = 0; i < values.size(); i++) {
            boolean isNegative = values.get(i) instanceof Number number && number.longValue() < 0;
            if (limits.contains(i)) {
                if (isNegative) {
                    throw NicolError.NEGATIVE_LIMIT.because("Parameter " + (i + 1)
                            + " is the number of rows of a LIMIT or FETCH, and is `" + values.get(i)
                            + "`. Bind 0 or more, or NULL for no limit.");
                }
                numbers.set(i, values.get(i) == null ? ALL : values.get(i));
            } else if (offsets.contains(i)) {
                if (isNegative) {
                    throw NicolError.NEGATIVE_OFFSET.because("Parameter " + (i + 1)
                            + " is the number of rows of an OFFSET, and is `" + values.get(i)
                            + "`. Bind 0 or more, or NULL for none.");
                }
                numbers.set(i, values.get(i) == null ? Integer.valueOf(0) : values.get(i));
            }
        }
        return numbers;
    }
}
