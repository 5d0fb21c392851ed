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

/** {@code ALTER VIEW name RENAME TO name}. */
public final class RenameView extends SqlCall {
    private static final SqlOperator OPERATOR = new SqlSpecialOperator("ALTER VIEW", SqlKind.ALTER_VIEW);

    private final SqlIdentifier view;
    private final SqlIdentifier renamed;

    public RenameView(SqlParserPos position, SqlIdentifier view, SqlIdentifier renamed) {
        super(position);
        this.view = view;
        this.renamed = renamed;
    }

    public SqlIdentifier view() {
        return view;
    }

    /** Within the same schema. */
    public String renamed() {
        return renamed.getSimple();
    }

    @Override
    public SqlOperator getOperator() {
        return OPERATOR;
    }

    @Override
    public List<SqlNode> getOperandList() {
        return List.of(view, renamed);
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword("ALTER VIEW");
        view.unparse(writer, 0, 0);
        writer.keyword("RENAME TO");
        renamed.unparse(writer, 0, 0);
    }
}
