package dev.nicol.server.pipeline;

import org.apache.calcite.sql.ddl.SqlCreateView;
import org.apache.calcite.sql.parser.SqlParserPos;

/** The query of a CREATE VIEW as its author wrote it, cut from the statement by its position. */
record ViewText(String statement, SqlCreateView create) {
    String query() {
        SqlParserPos from = create.query.getParserPosition();
        int start = offset(from.getLineNum(), from.getColumnNum());
        String text = statement.substring(start).strip();
        return text.endsWith(";") ? text.substring(0, text.length() - 1).strip() : text;
    }

    /** @param line from 1; {@code column} likewise */
    private int offset(int line, int column) {
        int at = 0;
        for (int passed = 1; passed < line; passed++) {
            at = statement.indexOf('\n', at) + 1;
        }
        return at + column - 1;
    }
}
