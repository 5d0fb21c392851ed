package dev.nicol.adapters.sql;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * The keys of one side of a join, which the source of the other side is told: which columns they are. One object a join of
 * a plan; each run finds its own values by it.
 *
 * <p>Keys only ever leave out rows that the engine's join would leave out: where two values are one to the engine, they are
 * one to every source. So they are whole numbers, decimals, dates, and texts by their characters, each of one kind on
 * both sides; approximate numbers, moments, times and fixed-length texts are not sent.
 *
 * @param columns of that side's rows
 * @param names of those columns
 * @param types of those columns
 * @param most keys of a column; with more, none are told
 * @param counts whether the rows come from a join, and so are not counted yet where they are held
 */
public record JoinKeys(List<Integer> columns, List<String> names, List<RelDataType> types, int most, boolean counts) {
    /** Parameters of keys have indexes from here; all others lie below. */
    public static final int FIRST_PARAMETER = 2_000_000_000;

    /** Characters of all keys of a column. */
    public static final int MOST_TEXT = 1_000_000;

    /** Rows that are held for one key that is sent, at most. */
    public static final int ROWS_A_KEY = 5;

    /** What every source's decimals hold. */
    private static final int MOST_DIGITS = 38;

    private static final int MOST_FRACTION_DIGITS = 30;

    private static final long FIRST_DAY = LocalDate.of(1, 1, 1).toEpochDay();
    private static final long LAST_DAY = LocalDate.of(9999, 12, 31).toEpochDay();

    public JoinKeys {
        columns = List.copyOf(columns);
        names = List.copyOf(names);
        types = List.copyOf(types);
    }

    /** Two joins are two, whatever their columns. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    /** Whether values of one type may be told where those of the other are compared. */
    public static boolean comparable(RelDataType one, RelDataType other) {
        SqlTypeName kind = one.getSqlTypeName();
        if (SqlTypeName.INT_TYPES.contains(kind)) {
            return SqlTypeName.INT_TYPES.contains(other.getSqlTypeName());
        }
        boolean known = kind == SqlTypeName.VARCHAR || kind == SqlTypeName.DATE || kind == SqlTypeName.DECIMAL;
        return known && other.getSqlTypeName() == kind;
    }

    /** Whether a cast keeps values apart that are different, and together that are equal. */
    public static boolean widens(RelDataType from, RelDataType to) {
        boolean integers = SqlTypeName.INT_TYPES.contains(from.getSqlTypeName())
                && SqlTypeName.INT_TYPES.contains(to.getSqlTypeName());
        boolean texts = from.getSqlTypeName() == SqlTypeName.VARCHAR && to.getSqlTypeName() == SqlTypeName.VARCHAR;
        return integers && from.getPrecision() <= to.getPrecision()
                || texts
                        && (to.getPrecision() == RelDataType.PRECISION_NOT_SPECIFIED
                                || from.getPrecision() != RelDataType.PRECISION_NOT_SPECIFIED
                                        && from.getPrecision() <= to.getPrecision());
    }

    /** The type that keys are sent as, for a column of a type. */
    public static RelDataType sent(RelDataTypeFactory types, RelDataType column) {
        RelDataType type =
                switch (column.getSqlTypeName()) {
                    case DECIMAL -> column;
                    case DATE -> types.createSqlType(SqlTypeName.DATE);
                    case VARCHAR -> types.createSqlType(SqlTypeName.VARCHAR);
                    default -> types.createSqlType(SqlTypeName.BIGINT);
                };
        return types.createTypeWithNullability(type, true);
    }

    /** A value as it is sent; null where a source might not take it, or make another one of it. */
    public static @Nullable Object sent(Object value, RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case DECIMAL -> {
                BigDecimal number = (BigDecimal) value;
                BigDecimal plain = number.scale() < 0 ? number.setScale(0) : number;
                yield plain.precision() <= MOST_DIGITS && plain.scale() <= MOST_FRACTION_DIGITS ? plain : null;
            }
            case DATE -> {
                int days = ((Number) value).intValue();
                yield days >= FIRST_DAY && days <= LAST_DAY ? days : null;
            }
            case VARCHAR -> {
                String text = (String) value;
                yield text.chars().noneMatch(c -> c == 0) && wellFormed(text) ? text : null;
            }
            default -> ((Number) value).longValue();
        };
    }

    /** Whether its surrogates come in pairs: no other text has a form in UTF-8. */
    private static boolean wellFormed(String text) {
        return text.codePoints().noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
    }
}
