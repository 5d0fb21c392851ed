package dev.nicol.server.parser;

import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code COMMIT} or {@code ROLLBACK} as a statement. */
public final class TransactionEnd extends SqlCall {
    /** How the transaction ends. */
    public enum Outcome {
        COMMIT(SqlKind.COMMIT),
        ROLLBACK(SqlKind.ROLLBACK);

        private final SqlOperator operator;

        Outcome(SqlKind kind) {
            this.operator = new SqlSpecialOperator(name(), kind);
        }
    }

    private final Outcome outcome;

    public TransactionEnd(SqlParserPos position, Outcome outcome) {
        super(position);
        this.outcome = outcome;
    }

    @Override
    public SqlOperator getOperator() {
        return outcome.operator;
    }

    @Override
    public List<SqlNode> getOperandList() {
        return List.of();
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword(outcome.name());
    }
}
