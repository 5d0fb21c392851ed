package dev.nicol.adapters.dialect;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.mask.MaskFunctions;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import org.apache.calcite.avatica.util.TimeUnitRange;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/** Writes {@link MaskFunctions} in one kind's own SQL. */
public final class MaskSql {
    private static final int MICROSECOND_DIGITS = 6;

    private final Words words;
    private final DatetimeSql datetimes;
    private final Function<RelDataType, String> castName;

    /** The SQL of PARTIAL, given its numbers. */
    @FunctionalInterface
    public interface Partial {
        /**
         * @param first characters kept in front
         * @param last characters kept at the end
         * @return a template over <code>{0}</code> the text, <code>{1}</code> the replacement, <code>{2}</code> the same
         *     escaped as the replacement of a Java regular expression
         */
        SqlTemplate template(int first, int last);
    }

    /**
     * What kinds spell in their own way.
     *
     * @param hash over <code>{0}</code> text, <code>{1}</code> inner pad, <code>{2}</code> outer pad
     * @param text <code>{0}</code>, a whole number, as decimal text
     * @param first64Bits over the same: the first eight bytes of the hash, ANDed with the number that replaces
     *     <code>%s</code>
     * @param padded whether the blanks that fill a CHAR have to be cut off
     */
    public record Words(Partial partial, String hash, String text, String first64Bits, boolean padded) {}

    /**
     * @param datetimes truncates dates
     * @param castName how the kind names a type in CAST
     */
    public MaskSql(Words words, DatetimeSql datetimes, Function<RelDataType, String> castName) {
        this.words = words;
        this.datetimes = datetimes;
        this.castName = castName;
    }

    /** The call of a mask function in the kind's own words; null where it is none. */
    public @Nullable RexNode rewrite(RexCall call) {
        SqlOperator operator = call.getOperator();
        if (!MaskFunctions.ALL.contains(operator)) {
            return null;
        }
        RexNode value = unpadded(call.getOperands().get(0));
        List<RexNode> operands = new ArrayList<>(call.getOperands());
        operands.set(0, value);
        if (operator == MaskFunctions.PARTIAL) {
            RexNode with = call.getOperands().get(3);
            RexBuilder rex = new RexBuilder(NicolTypeSystem.factory());
            RexNode escaped = rex.makeLiteral(Matcher.quoteReplacement(text(with)));
            return once(
                    words.partial().template(number(call, 1), number(call, 2)), call, List.of(value, with, escaped));
        } else if (operator == MaskFunctions.HASH) {
            return once(SqlTemplate.of(words.hash()), call, operands);
        } else if (operator == MaskFunctions.TOKEN) {
            return once(SqlTemplate.of("SUBSTRING(" + words.hash() + ", 1, " + number(call, 3) + ")"), call, operands);
        } else if (operator == MaskFunctions.TOKEN_INTEGER) {
            return once(token(call), call, operands);
        } else if (operator == MaskFunctions.BUCKET) {
            return once(bucket(call), call, operands);
        } else if (operator == MaskFunctions.DATE_PART) {
            TimeUnitRange unit =
                    TimeUnitRange.valueOf(text(call.getOperands().get(1)).toUpperCase(Locale.ROOT));
            return datetimes.truncated(unit, call.getType(), unzoned(value));
        }
        throw new IllegalStateException(operator.getName() + " is not for sources");
    }

    /** The blanks that fill a CHAR are no part of its value. */
    private RexNode unpadded(RexNode value) {
        RexNode stored = value.getKind() == SqlKind.CAST
                ? ((RexCall) value).getOperands().get(0)
                : value;
        return words.padded() && stored.getType().getSqlTypeName() == SqlTypeName.CHAR
                ? SqlTemplate.of("RTRIM({0})").call(value.getType(), List.of(value))
                : value;
    }

    /** A moment as a timestamp of the session's zone, which is UTC. */
    private RexNode unzoned(RexNode value) {
        if (value.getType().getSqlTypeName() != SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE) {
            return value;
        }
        RelDataType plain = NicolTypeSystem.factory().createSqlType(SqlTypeName.TIMESTAMP, MICROSECOND_DIGITS);
        return SqlTemplate.of("CAST({0} AS " + castName.apply(plain) + ")").call(plain, List.of(value));
    }

    /** A value that an INTEGER holds has an INTEGER's token, whatever the column's type. */
    private SqlTemplate token(RexCall call) {
        BigDecimal narrow = decimal(call, 3);
        BigDecimal wide = decimal(call, 4);
        String ones = narrow.equals(wide)
                ? wide.toPlainString()
                : "CASE WHEN {0} BETWEEN " + Integer.MIN_VALUE + " AND " + Integer.MAX_VALUE + " THEN "
                        + narrow.toPlainString() + " ELSE " + wide.toPlainString() + " END";
        String token = words.first64Bits().replace("{0}", words.text()).formatted(ones);
        return SqlTemplate.of("CAST(" + token + " AS " + castName.apply(call.getType()) + ")");
    }

    private SqlTemplate bucket(RexCall call) {
        RelDataType type = call.getType();
        String name = castName.apply(type);
        if (SqlTypeUtil.isApproximateNumeric(type)) {
            String size = "CAST(" + decimal(call, 1).toPlainString() + " AS " + name + ")";
            String bound = "CAST(" + decimal(call, 2).toPlainString() + " AS " + name + ")";
            // Zero is added against the negative one.
            return SqlTemplate.of("CASE WHEN ABS({0}) < " + bound + " THEN FLOOR({0} / " + size + ") * " + size
                    + " + 0 ELSE NULL END");
        }
        String size = "CAST(" + decimal(call, 1).toPlainString() + " AS " + name + ")";
        String remainder = "MOD({0}, " + size + ")";
        // MariaDB has a negative zero that is below zero.
        String below = "{0} < 0 AND ABS(" + remainder + ") > 0";
        String bucket = "{0} - " + remainder + " - CASE WHEN " + below + " THEN " + size + " ELSE 0 END";
        String clamped = "CASE WHEN {0} < " + decimal(call, 2).toPlainString() + " THEN "
                + decimal(call, 3).toPlainString() + " ELSE " + bucket + " END";
        // A decimal keeps its digits by itself, and may have more of them than we know.
        return SqlTemplate.of(
                type.getSqlTypeName() == SqlTypeName.DECIMAL ? clamped : "CAST(" + clamped + " AS " + name + ")");
    }

    /** A template that writes its operand more than once would need each of its parameters as often. */
    private static RexNode once(SqlTemplate template, RexCall call, List<RexNode> operands) {
        if (template.uses(0) > 1 && holdsParameter(operands.get(0))) {
            throw NicolError.NOT_PROVEN.because(
                    "A mask stands on an expression with parameters, which this source cannot compute once only;"
                            + " put the mask on a column instead.");
        }
        return template.call(call.getType(), operands);
    }

    private static int number(RexCall call, int operand) {
        return decimal(call, operand).intValueExact();
    }

    private static BigDecimal decimal(RexCall call, int operand) {
        return Objects.requireNonNull(((RexLiteral) call.getOperands().get(operand)).getValueAs(BigDecimal.class));
    }

    private static String text(RexNode literal) {
        return Objects.requireNonNull(((RexLiteral) literal).getValueAs(String.class));
    }

    private static boolean holdsParameter(RexNode node) {
        boolean[] found = {false};
        node.accept(new RexVisitorImpl<Void>(true) {
            @Override
            public Void visitDynamicParam(RexDynamicParam parameter) {
                found[0] = true;
                return null;
            }
        });
        return found[0];
    }
}
