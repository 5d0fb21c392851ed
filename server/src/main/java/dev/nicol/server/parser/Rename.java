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

/** {@code ALTER VIEW name RENAME TO name}, and of a schema. */
public final class Rename extends SqlCall {
    private static final SqlOperator VIEW = new SqlSpecialOperator("ALTER VIEW", SqlKind.ALTER_VIEW);
    private static final SqlOperator SCHEMA = new SqlSpecialOperator("ALTER SCHEMA", SqlKind.OTHER_DDL);

    private final SqlOperator operator;
    private final SqlIdentifier name;
    private final SqlIdentifier renamed;

    private Rename(SqlParserPos position, SqlOperator operator, SqlIdentifier name, SqlIdentifier renamed) {
        super(position);
        this.operator = operator;
        this.name = name;
        this.renamed = renamed;
    }

    public static Rename view(SqlParserPos position, SqlIdentifier view, SqlIdentifier renamed) {
        return new Rename(position, VIEW, view, renamed);
    }

    public static Rename schema(SqlParserPos position, SqlIdentifier schema, SqlIdentifier renamed) {
        return new Rename(position, SCHEMA, schema, renamed);
    }

    /** Whether a schema is renamed, and not a view. */
    public boolean ofSchema() {
        return operator == SCHEMA;
    }

    public SqlIdentifier name() {
        return name;
    }

    /** The new name, in the place of the old one's last part. */
    public String renamed() {
        return renamed.getSimple();
    }

    @Override
    public SqlOperator getOperator() {
        return operator;
    }

    @Override
    public List<SqlNode> getOperandList() {
        return List.of(name, renamed);
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword(operator.getName());
        name.unparse(writer, 0, 0);
        writer.keyword("RENAME TO");
        renamed.unparse(writer, 0, 0);
    }
}
