package dev.nicol.server.parser;

import org.apache.calcite.sql.SqlBinaryOperator;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.jspecify.annotations.Nullable;

/**
 * The {@code ::} of PostgreSQL while an expression is parsed: it binds as tightly as a member access and leaves a plain
 * CAST, so that nothing behind the parser meets it.
 */
public final class InfixCast extends SqlBinaryOperator {
    public static final SqlOperator OPERATOR = new InfixCast();

    /** Above unary minus, as in PostgreSQL: {@code -1::text} is {@code -(1::text)}. */
    private static final int PRECEDENCE = 94;

    private InfixCast() {
        super("::", SqlKind.CAST, PRECEDENCE, true, null, null, null);
    }

    @Override
    public SqlCall createCall(@Nullable SqlLiteral qualifier, SqlParserPos position, @Nullable SqlNode... operands) {
        return SqlStdOperatorTable.CAST.createCall(position, operands);
    }
}
