package dev.nicol.server.parser;

import java.util.List;
import java.util.Objects;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.util.ImmutableNullableList;
import org.jspecify.annotations.Nullable;

/** {@code EXPLAIN POLICY FOR statement [AS USER 'name']}. */
public final class ExplainPolicy extends SqlCall {
    private static final SqlOperator OPERATOR = new SqlSpecialOperator("EXPLAIN POLICY", SqlKind.OTHER) {
        @Override
        public SqlCall createCall(
                @Nullable SqlLiteral qualifier, SqlParserPos position, @Nullable SqlNode... operands) {
            return new ExplainPolicy(position, Objects.requireNonNull(operands[0]), (SqlLiteral) operands[1]);
        }
    };

    private final SqlNode statement;
    private final @Nullable SqlLiteral user;

    /** @param user a text; null: the one who asks */
    public ExplainPolicy(SqlParserPos position, SqlNode statement, @Nullable SqlLiteral user) {
        super(position);
        this.statement = statement;
        this.user = user;
    }

    /** The statement whose policy is asked for; it is never run. */
    public SqlNode statement() {
        return statement;
    }

    /** The user named after {@code AS USER}; null: the one who asks. */
    public @Nullable String user() {
        return user == null ? null : user.getValueAs(String.class);
    }

    @Override
    public SqlOperator getOperator() {
        return OPERATOR;
    }

    @Override
    public List<SqlNode> getOperandList() {
        return ImmutableNullableList.of(statement, user);
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword("EXPLAIN POLICY FOR");
        statement.unparse(writer, 0, 0);
        if (user != null) {
            writer.keyword("AS USER");
            user.unparse(writer, 0, 0);
        }
    }
}
