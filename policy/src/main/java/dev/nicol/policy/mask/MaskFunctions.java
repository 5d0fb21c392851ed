package dev.nicol.policy.mask;

import java.util.List;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;

/**
 * The small vocabulary in which masks are written. No user can name these: they are in no operator table. Each source's
 * dialect writes them in its own SQL, and each source is asked at start whether it computes them as expected.
 */
public final class MaskFunctions {
    /**
     * {@code (text, first, last, with)}: every character but the first {@code first} and last {@code last} replaced by
     * {@code with}; a value of no more than first + last characters is replaced whole. The three parameters are literals.
     * NULL gives NULL.
     */
    public static final SqlFunction PARTIAL = textFunction("NICOL_PARTIAL");

    /**
     * {@code (text, inner pad, outer pad)}: lower-case hex of HMAC-SHA256 over the UTF-8 bytes, written as
     * {@code SHA256(outer || SHA256(inner || text))}. The pads are 64-byte bound parameters. NULL gives NULL.
     */
    public static final SqlFunction HASH = textFunction("NICOL_HASH");

    public static final List<SqlFunction> ALL = List.of(PARTIAL, HASH);

    private MaskFunctions() {}

    private static SqlFunction textFunction(String name) {
        return new SqlFunction(
                name,
                SqlKind.OTHER_FUNCTION,
                ReturnTypes.ARG0_NULLABLE,
                null,
                OperandTypes.VARIADIC,
                SqlFunctionCategory.STRING);
    }
}
