package dev.nicol.server.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.sql.SqlDelete;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlInsert;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlUpdate;
import org.apache.calcite.sql.dialect.CalciteSqlDialect;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.validate.SqlValidatorUtil;
import org.jspecify.annotations.Nullable;

/**
 * The query that shows what a write would change. Its parameters come in the write's own order.
 *
 * @param shows what its first columns are: {@code before}, {@code after} or {@code row}
 * @param names of the first columns, where the write names them; else they are the query's own
 * @param after names of its last columns, which are values that the write would set
 */
record SampleQuery(String sql, String shows, List<String> names, List<String> after) {
    private static final SqlParserPos POS = SqlParserPos.ZERO;

    SampleQuery {
        names = List.copyOf(names);
        after = List.copyOf(after);
    }

    /** Null for statements that are about no rows. */
    static @Nullable SampleQuery of(String statement) {
        SqlNode node = StatementParser.parse(statement);
        if (node instanceof SqlDelete delete) {
            SqlNode from = from(delete.getTargetTable(), delete.getAlias());
            return new SampleQuery(
                    text(select(SqlNodeList.of(SqlIdentifier.star(POS)), from, delete.getCondition())),
                    "before",
                    List.of(),
                    List.of());
        } else if (node instanceof SqlUpdate update) {
            return ofUpdate(update);
        } else if (node instanceof SqlInsert insert) {
            return new SampleQuery(text(insert.getSource()), "after", names(insert.getTargetColumnList()), List.of());
        } else if (node.isA(SqlKind.QUERY)) {
            return new SampleQuery(text(node), "row", List.of(), List.of());
        }
        return null;
    }

    private static SampleQuery ofUpdate(SqlUpdate update) {
        SqlNode target = update.getTargetTable();
        SqlIdentifier alias = update.getAlias();
        String name = alias == null ? SqlValidatorUtil.alias(target) : alias.getSimple();
        SqlNodeList columns = new SqlNodeList(POS);
        SqlIdentifier named = alias == null && name != null ? new SqlIdentifier(name, POS) : alias;
        columns.add(named == null ? SqlIdentifier.star(POS) : named.plusStar());
        int number = 0;
        for (SqlNode value : update.getSourceExpressionList()) {
            columns.add(
                    SqlStdOperatorTable.AS.createCall(POS, value, new SqlIdentifier("nicol_after_" + number++, POS)));
        }
        return new SampleQuery(
                text(select(columns, from(target, alias), update.getCondition())),
                "before",
                List.of(),
                names(update.getTargetColumnList()));
    }

    private static SqlNode from(SqlNode table, @Nullable SqlIdentifier alias) {
        return alias == null ? table : SqlStdOperatorTable.AS.createCall(POS, table, alias);
    }

    private static SqlNode select(SqlNodeList columns, SqlNode from, @Nullable SqlNode where) {
        return new SqlSelect(POS, null, columns, from, where, null, null, null, null, null, null, null, null);
    }

    private static List<String> names(@Nullable SqlNodeList columns) {
        List<String> names = new ArrayList<>();
        if (columns != null) {
            for (SqlNode column : columns) {
                names.add(
                        column instanceof SqlIdentifier identifier
                                ? identifier.names.get(identifier.names.size() - 1)
                                : column.toString());
            }
        }
        return names;
    }

    /**
     * Quoted where it was: unquoted names match in any case. Never the text of the request itself: an approval of that is for
     * running it, and no sample uses it up.
     */
    private static String text(SqlNode node) {
        return "/* nicol.sample */ "
                + node.toSqlString(config -> config.withDialect(CalciteSqlDialect.DEFAULT)
                                .withQuoteAllIdentifiers(false)
                                .withAlwaysUseParentheses(true))
                        .getSql();
    }

    String name(int column, String own) {
        return column < names.size() ? names.get(column) : own;
    }
}
