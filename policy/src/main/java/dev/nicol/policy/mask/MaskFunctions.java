package dev.nicol.policy.mask;

import java.util.List;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;

/**
 * The small vocabulary in which masks are written. No user can name these: they are in no operator table. Each source's
 * dialect writes them in its own SQL, the engine computes them where a source cannot, and each source is asked whether it
 * computes them as the engine does. All give NULL for NULL.
 */
public final class MaskFunctions {
    /**
     * {@code (text, first, last, with)}: every character but the first {@code first} and last {@code last} replaced by
     * {@code with}; a value of no more than first + last characters is replaced whole. The three parameters are literals.
     */
    public static final SqlFunction PARTIAL = function("NICOL_PARTIAL");

    /**
     * {@code (text, inner pad, outer pad)}: lower-case hex of HMAC-SHA256 over the UTF-8 bytes, written as
     * {@code SHA256(outer || SHA256(inner || text))}. The pads are 64-byte bound parameters.
     */
    public static final SqlFunction HASH = function("NICOL_HASH");

    /** {@code (text, inner pad, outer pad, length)}: the first {@code length} digits of {@link #HASH}; a literal. */
    public static final SqlFunction TOKEN = function("NICOL_TOKEN");

    /**
     * {@code (integer, inner pad, outer pad, narrow, wide)}: the first eight bytes of HMAC-SHA256 over the value's decimal
     * text, big-endian, AND {@code narrow} where the value is one of a 32-bit integer, AND {@code wide} for others. Both are
     * literals of the form 2^n - 1.
     */
    public static final SqlFunction TOKEN_INTEGER = function("NICOL_TOKEN_INTEGER");

    /**
     * {@code (number, size, lowest, least)}: the largest multiple of {@code size} that is not above the number;
     * {@code least}, the type's least value, for what is below {@code lowest}, the type's lowest multiple. Of an approximate
     * number NULL where its absolute value is not below {@code lowest}: there {@code size} is lost in rounding. The three
     * parameters are literals.
     */
    public static final SqlFunction BUCKET = function("NICOL_BUCKET");

    /**
     * {@code (date or timestamp, part)}: truncated to the beginning of its year, quarter, month or day, in UTC for a moment.
     * The part is a literal.
     */
    public static final SqlFunction DATE_PART = function("NICOL_DATE_PART");

    /**
     * {@code (text, entities)}: each entity found in the text replaced by its name in brackets. The entities are a literal,
     * their names with commas between. No source computes it.
     */
    public static final SqlFunction REDACT_TEXT = function("NICOL_REDACT_TEXT");

    public static final List<SqlFunction> ALL =
            List.of(PARTIAL, HASH, TOKEN, TOKEN_INTEGER, BUCKET, DATE_PART, REDACT_TEXT);

    private MaskFunctions() {}

    private static SqlFunction function(String name) {
        return new SqlFunction(
                name,
                SqlKind.OTHER_FUNCTION,
                ReturnTypes.ARG0_NULLABLE,
                null,
                OperandTypes.VARIADIC,
                SqlFunctionCategory.USER_DEFINED_FUNCTION);
    }
}
