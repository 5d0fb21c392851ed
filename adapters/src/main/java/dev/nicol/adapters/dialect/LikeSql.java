package dev.nicol.adapters.dialect;

import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlCharStringLiteral;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

/** LIKE on databases where a backslash escapes unless told otherwise; in the standard, nothing does. */
public final class LikeSql {
    private LikeSql() {}

    /** The call with {@code ESCAPE ''} where it names no escape and its pattern may hold a backslash. */
    public static SqlCall withoutEscape(SqlCall like) {
        if (!mayEscape(like)) {
            return like;
        }
        SqlNode pattern = like.operand(1);
        return like.getOperator()
                .createCall(
                        SqlParserPos.ZERO,
                        like.operand(0),
                        pattern,
                        SqlLiteral.createCharString("", SqlParserPos.ZERO));
    }

    /** The call with each backslash escaped by another: MariaDB takes {@code ESCAPE ''} for the default. */
    public static SqlCall withDoubledBackslashes(SqlCall like) {
        if (!mayEscape(like)) {
            return like;
        }
        SqlNode doubled = SqlStdOperatorTable.REPLACE.createCall(
                SqlParserPos.ZERO,
                like.operand(1),
                SqlLiteral.createCharString("\\", SqlParserPos.ZERO),
                SqlLiteral.createCharString("\\\\", SqlParserPos.ZERO));
        return like.getOperator().createCall(SqlParserPos.ZERO, like.operand(0), doubled);
    }

    /** Whether it names no escape and its pattern may hold a backslash. */
    private static boolean mayEscape(SqlCall like) {
        return like.operandCount() == 2
                && !(like.operand(1) instanceof SqlCharStringLiteral literal
                        && literal.getValueAs(String.class).indexOf('\\') < 0);
    }
}
