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

/**
 * {@code REFRESH MATERIALIZED VIEW name [WITH DATA]}: makes ready and fills what a view's rows are kept in; {@code WITH DATA} is
 * the filling alone.
 */
public final class RefreshMaterializedView extends SqlCall {
    private static final SqlOperator OPERATOR = new SqlSpecialOperator("REFRESH MATERIALIZED VIEW", SqlKind.OTHER_DDL);

    private final SqlIdentifier view;
    private final boolean withData;

    public RefreshMaterializedView(SqlParserPos position, SqlIdentifier view, boolean withData) {
        super(position);
        this.view = view;
        this.withData = withData;
    }

    /** Whether it is the filling alone. */
    public boolean withData() {
        return withData;
    }

    public SqlIdentifier view() {
        return view;
    }

    @Override
    public SqlOperator getOperator() {
        return OPERATOR;
    }

    @Override
    public List<SqlNode> getOperandList() {
        return List.of(view);
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword("REFRESH MATERIALIZED VIEW");
        view.unparse(writer, 0, 0);
        if (withData) {
            writer.keyword("WITH DATA");
        }
    }
}
