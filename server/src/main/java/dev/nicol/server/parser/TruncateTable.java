package dev.nicol.server.parser;

import java.util.List;
import java.util.Objects;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlTruncate;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.jspecify.annotations.Nullable;

/**
 * {@code TRUNCATE TABLE t}. Not Calcite's node: that one always writes {@code RESTART IDENTITY}, which only PostgreSQL
 * and H2 understand, and which changes what a plain TRUNCATE means.
 */
public final class TruncateTable extends SqlTruncate {
    private static final SqlOperator TRUNCATE = new SqlSpecialOperator("TRUNCATE TABLE", SqlKind.TRUNCATE_TABLE) {
        @Override
        public SqlCall createCall(
                @Nullable SqlLiteral qualifier, SqlParserPos position, @Nullable SqlNode... operands) {
            return new TruncateTable(position, (SqlIdentifier) Objects.requireNonNull(operands[0]));
        }
    };

    private final SqlIdentifier table;

    public TruncateTable(SqlParserPos position, SqlIdentifier table) {
        super(TRUNCATE, position);
        this.table = table;
    }

    public SqlIdentifier table() {
        return table;
    }

    @Override
    public List<SqlNode> getOperandList() {
        return List.of(table);
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword("TRUNCATE TABLE");
        table.unparse(writer, 0, 0);
    }
}
