package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.ddl.SqlCreateView;
import org.apache.calcite.sql.parser.SqlParserPos;

/** The query of a CREATE VIEW as its author wrote it: what follows AS, after the view's name and columns. */
record ViewText(String statement, SqlCreateView create) {
    private static final Pattern AS =
            Pattern.compile("(?:\\s|--[^\\n]*\\n|/\\*.*?\\*/|\\))*+AS\\b", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    String query() {
        SqlNode before = create.columnList == null ? create.name : create.columnList;
        SqlParserPos end = before.getParserPosition();
        Matcher as = AS.matcher(statement)
                .region(offset(statement, end.getEndLineNum(), end.getEndColumnNum()) + 1, statement.length());
        if (!as.lookingAt()) {
            throw NicolError.SYNTAX.because(
                    "The query of the view cannot be told apart. Write CREATE VIEW name AS query.");
        }
        return ended(statement.substring(as.end()));
    }

    /** What follows the word at a position, of two letters: the query of a CREATE MATERIALIZED VIEW. */
    static String after(String statement, SqlParserPos as) {
        return ended(statement.substring(offset(statement, as.getEndLineNum(), as.getEndColumnNum()) + 1));
    }

    private static String ended(String query) {
        String text = query.strip();
        return text.endsWith(";") ? text.substring(0, text.length() - 1).strip() : text;
    }

    /** @param line from 1; {@code column} likewise */
    private static int offset(String statement, int line, int column) {
        int at = 0;
        for (int passed = 1; passed < line; passed++) {
            at = statement.indexOf('\n', at) + 1;
        }
        return at + column - 1;
    }
}
