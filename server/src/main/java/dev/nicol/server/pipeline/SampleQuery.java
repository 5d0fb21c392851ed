package dev.nicol.server.pipeline;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.calcite.linq4j.Ord;
import org.apache.calcite.sql.SqlDelete;
import org.apache.calcite.sql.SqlDynamicParam;
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
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.sql.validate.SqlValidatorUtil;
import org.jspecify.annotations.Nullable;

/**
 * The query that shows what a write would change. What is computed with a parameter is shown as it is written: the trail may
 * hide its value, and so do samples.
 *
 * @param parameters of the statement that it takes, counted from 0, in the order of its own
 * @param shows what its first columns are: {@code before}, {@code after} or {@code row}
 * @param names of the first columns, where the write names them; else they are the query's own
 * @param after names of its last columns, which are values that the write would set
 * @param written columns that the write would set to what is computed with parameters, and that text
 */
record SampleQuery(
        String sql,
        List<Integer> parameters,
        String shows,
        List<String> names,
        List<String> after,
        Map<String, String> written) {
    private static final SqlParserPos POS = SqlParserPos.ZERO;

    SampleQuery {
        parameters = List.copyOf(parameters);
        names = List.copyOf(names);
        after = List.copyOf(after);
    }

    /** Never the text of the request itself: an approval of that is for running it, and no sample uses it up. */
    private SampleQuery(SqlNode query, String shows, List<String> names) {
        this("/* nicol.sample */ " + text(query), parameters(query), shows, names, List.of(), Map.of());
    }

    /** Null for statements of which no rows can be shown. */
    static @Nullable SampleQuery of(String statement) {
        SqlNode node = StatementParser.parse(statement);
        if (node instanceof SqlDelete delete) {
            SqlNode from = from(delete.getTargetTable(), delete.getAlias());
            return new SampleQuery(
                    select(SqlNodeList.of(SqlIdentifier.star(POS)), from, delete.getCondition()), "before", List.of());
        } else if (node instanceof SqlUpdate update) {
            return ofUpdate(update);
        } else if (node instanceof SqlInsert insert) {
            return answersParameters(insert.getSource())
                    ? null
                    : new SampleQuery(insert.getSource(), "after", names(insert.getTargetColumnList()));
        } else if (node.isA(SqlKind.QUERY)) {
            return answersParameters(node) ? null : new SampleQuery(node, "row", List.of());
        }
        return null;
    }

    /** Whether values of parameters may be among its rows. */
    private static boolean answersParameters(SqlNode query) {
        return !parameters(query instanceof SqlSelect select ? select.getSelectList() : query)
                .isEmpty();
    }

    private static SampleQuery ofUpdate(SqlUpdate update) {
        SqlNode target = update.getTargetTable();
        SqlIdentifier alias = update.getAlias();
        String name = alias == null ? SqlValidatorUtil.alias(target) : alias.getSimple();
        SqlNodeList columns = new SqlNodeList(POS);
        SqlIdentifier named = alias == null && name != null ? new SqlIdentifier(name, POS) : alias;
        columns.add(named == null ? SqlIdentifier.star(POS) : named.plusStar());
        List<String> after = new ArrayList<>();
        Map<String, String> written = new LinkedHashMap<>();
        for (Ord<String> set : Ord.zip(names(update.getTargetColumnList()))) {
            SqlNode value = update.getSourceExpressionList().get(set.i);
            if (parameters(value).isEmpty()) {
                SqlNode label = new SqlIdentifier("nicol_after_" + set.i, POS);
                columns.add(SqlStdOperatorTable.AS.createCall(POS, value, label));
                after.add(set.e);
            } else {
                written.put(set.e, text(value));
            }
        }
        SampleQuery query =
                new SampleQuery(select(columns, from(target, alias), update.getCondition()), "before", List.of());
        return new SampleQuery(query.sql, query.parameters, query.shows, query.names, after, written);
    }

    private static List<Integer> parameters(SqlNode node) {
        List<Integer> parameters = new ArrayList<>();
        node.accept(new SqlBasicVisitor<@Nullable Void>() {
            @Override
            public @Nullable Void visit(SqlDynamicParam parameter) {
                parameters.add(parameter.getIndex());
                return null;
            }
        });
        return parameters;
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

    /** Quoted where it was: unquoted names match in any case. */
    private static String text(SqlNode node) {
        return node.toSqlString(config -> config.withDialect(CalciteSqlDialect.DEFAULT)
                        .withQuoteAllIdentifiers(false)
                        .withAlwaysUseParentheses(true))
                .getSql();
    }

    String name(int column, String own) {
        return column < names.size() ? names.get(column) : own;
    }
}
