package dev.nicol.adapters;

import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlCharStringLiteral;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** LIKE on databases where a backslash escapes unless told otherwise; in the standard, nothing does. */
public final class LikeSql {
    private LikeSql() {}

    /** The call with {@code ESCAPE ''} where it names no escape and its pattern may hold a backslash. */
    public static SqlCall withoutEscape(SqlCall like) {
        if (like.operandCount() != 2) {
            return like;
        }
        SqlNode pattern = like.operand(1);
        if (pattern instanceof SqlCharStringLiteral literal
                && literal.getValueAs(String.class).indexOf('\\') < 0) {
            return like;
        }
        return like.getOperator()
                .createCall(
                        SqlParserPos.ZERO,
                        like.operand(0),
                        pattern,
                        SqlLiteral.createCharString("", SqlParserPos.ZERO));
    }
}
