package dev.nicol.server.parser;

import java.util.List;
import org.apache.calcite.sql.SqlCreate;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code CREATE TOKEN name [PURPOSE 'purpose', …] EXPIRES 'moment'}. */
public final class CreateToken extends SqlCreate {
    private static final SqlOperator OPERATOR = new SqlSpecialOperator("CREATE TOKEN", SqlKind.OTHER_DDL);

    private final SqlIdentifier name;
    private final SqlNodeList purposes;
    private final SqlLiteral expires;

    public CreateToken(
            SqlParserPos position, boolean replace, SqlIdentifier name, SqlNodeList purposes, SqlLiteral expires) {
        super(OPERATOR, position, replace, false);
        this.name = name;
        this.purposes = purposes;
        this.expires = expires;
    }

    public String name() {
        return name.getSimple();
    }

    /** None: whatever its owner may state. */
    public List<String> purposes() {
        return purposes.stream()
                .map(purpose -> ((SqlLiteral) purpose).getValueAs(String.class))
                .toList();
    }

    /** As it was written. */
    public String expires() {
        return expires.getValueAs(String.class);
    }

    @Override
    public List<SqlNode> getOperandList() {
        return List.of(name, purposes, expires);
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword("CREATE TOKEN");
        name.unparse(writer, 0, 0);
        if (!purposes.isEmpty()) {
            writer.keyword("PURPOSE");
            purposes.unparse(writer, 0, 0);
        }
        writer.keyword("EXPIRES");
        expires.unparse(writer, 0, 0);
    }
}
