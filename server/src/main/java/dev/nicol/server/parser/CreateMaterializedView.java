package dev.nicol.server.parser;

import java.time.Duration;
import java.util.List;
import org.apache.calcite.sql.SqlCreate;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.ddl.SqlCreateView;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.util.ImmutableNullableList;
import org.jspecify.annotations.Nullable;

/**
 * {@code CREATE [OR REPLACE] MATERIALIZED VIEW name [(column, …)] [INTO source[.schema]] [REFRESH EVERY period] AS query}.
 */
public final class CreateMaterializedView extends SqlCreate {
    private static final SqlOperator OPERATOR = new SqlSpecialOperator("CREATE MATERIALIZED VIEW", SqlKind.CREATE_VIEW);

    private final SqlCreateView view;
    private final @Nullable SqlIdentifier into;
    private final @Nullable Duration every;
    private final SqlParserPos as;

    /**
     * A statement.
     *
     * @param view the same without rows of its own
     * @param into a source, or a source and a schema
     * @param as the place of the word before the query
     */
    public CreateMaterializedView(
            SqlParserPos position,
            SqlCreateView view,
            @Nullable SqlIdentifier into,
            @Nullable Duration every,
            SqlParserPos as) {
        super(OPERATOR, position, view.getReplace(), false);
        this.view = view;
        this.into = into;
        this.every = every;
        this.as = as;
    }

    /** The view of a CREATE VIEW of either kind; null for every other statement. */
    public static @Nullable SqlCreateView viewOf(SqlNode statement) {
        if (statement instanceof CreateMaterializedView materialized) {
            return materialized.view;
        }
        return statement instanceof SqlCreateView view ? view : null;
    }

    /** The same view without rows of its own. */
    public SqlCreateView view() {
        return view;
    }

    /** Where its rows are kept; null where the configuration says so. */
    public @Nullable SqlIdentifier into() {
        return into;
    }

    /** Null: it is refreshed when somebody says so. */
    public @Nullable Duration every() {
        return every;
    }

    /** Where the word {@code AS} stands, after which the query begins. */
    public SqlParserPos as() {
        return as;
    }

    @Override
    public SqlOperator getOperator() {
        return OPERATOR;
    }

    @Override
    public List<SqlNode> getOperandList() {
        return ImmutableNullableList.of(view, into);
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword(getReplace() ? "CREATE OR REPLACE MATERIALIZED VIEW" : "CREATE MATERIALIZED VIEW");
        view.name.unparse(writer, 0, 0);
        if (view.columnList != null) {
            SqlWriter.Frame frame = writer.startList("(", ")");
            for (SqlNode column : view.columnList) {
                writer.sep(",");
                column.unparse(writer, 0, 0);
            }
            writer.endList(frame);
        }
        if (into != null) {
            writer.keyword("INTO");
            into.unparse(writer, 0, 0);
        }
        if (every != null) {
            writer.keyword("REFRESH EVERY INTERVAL");
            writer.literal("'" + every.toSeconds() + "'");
            writer.keyword("SECOND");
        }
        writer.keyword("AS");
        view.query.unparse(writer, 0, 0);
    }
}
