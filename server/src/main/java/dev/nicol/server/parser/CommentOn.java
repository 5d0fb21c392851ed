package dev.nicol.server.parser;

import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.jspecify.annotations.Nullable;

/** {@code COMMENT ON VIEW | COLUMN | SCHEMA name IS 'text' | NULL}. */
public final class CommentOn extends SqlCall {
    private static final SqlOperator OPERATOR = new SqlSpecialOperator("COMMENT", SqlKind.OTHER_DDL);

    /** What is commented on. */
    public enum Subject {
        VIEW,
        COLUMN,
        SCHEMA
    }

    private final Subject subject;
    private final SqlIdentifier name;
    private final @Nullable SqlLiteral text;

    /** @param text null takes the comment away */
    public CommentOn(SqlParserPos position, Subject subject, SqlIdentifier name, @Nullable SqlLiteral text) {
        super(position);
        this.subject = subject;
        this.name = name;
        this.text = text;
    }

    public Subject subject() {
        return subject;
    }

    public List<String> names() {
        return name.names;
    }

    /** Null takes the comment away. */
    public @Nullable String text() {
        return text == null ? null : text.getValueAs(String.class);
    }

    @Override
    public SqlOperator getOperator() {
        return OPERATOR;
    }

    @Override
    public List<SqlNode> getOperandList() {
        return text == null ? List.of(name) : List.of(name, text);
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword("COMMENT ON " + subject);
        name.unparse(writer, 0, 0);
        writer.keyword("IS");
        if (text == null) {
            writer.keyword("NULL");
        } else {
            text.unparse(writer, 0, 0);
        }
    }
}
