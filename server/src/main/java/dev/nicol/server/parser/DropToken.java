package dev.nicol.server.parser;

import java.util.List;
import org.apache.calcite.sql.SqlDrop;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code DROP TOKEN name}. */
public final class DropToken extends SqlDrop {
    private static final SqlOperator OPERATOR = new SqlSpecialOperator("DROP TOKEN", SqlKind.OTHER_DDL);

    private final SqlIdentifier name;

    public DropToken(SqlParserPos position, SqlIdentifier name) {
        super(OPERATOR, position, false);
        this.name = name;
    }

    public String name() {
        return name.getSimple();
    }

    @Override
    public List<SqlNode> getOperandList() {
        return List.of(name);
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword("DROP TOKEN");
        name.unparse(writer, 0, 0);
    }
}
