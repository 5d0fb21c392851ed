package dev.nicol.server.parser;

import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code ALTER SCHEMA name RENAME TO name}. */
public final class RenameSchema extends SqlCall {
    private static final SqlOperator OPERATOR = new SqlSpecialOperator("ALTER SCHEMA", SqlKind.OTHER_DDL);

    private final SqlIdentifier schema;
    private final SqlIdentifier renamed;

    public RenameSchema(SqlParserPos position, SqlIdentifier schema, SqlIdentifier renamed) {
        super(position);
        this.schema = schema;
        this.renamed = renamed;
    }

    public SqlIdentifier schema() {
        return schema;
    }

    public String renamed() {
        return renamed.getSimple();
    }

    @Override
    public SqlOperator getOperator() {
        return OPERATOR;
    }

    @Override
    public List<SqlNode> getOperandList() {
        return List.of(schema, renamed);
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword("ALTER SCHEMA");
        schema.unparse(writer, 0, 0);
        writer.keyword("RENAME TO");
        renamed.unparse(writer, 0, 0);
    }
}
