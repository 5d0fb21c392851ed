package dev.nicol.server.parser;

import java.util.List;
import java.util.Objects;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.util.ImmutableNullableList;
import org.jspecify.annotations.Nullable;

/** {@code [CONSTRAINT name] FOREIGN KEY (columns) REFERENCES table [(keys)] [ON DELETE …] [ON UPDATE …]}. */
public final class ForeignKey extends SqlCall {
    /** What happens to a row whose parent goes or changes. */
    public enum Reaction {
        UNSTATED,
        CASCADE,
        RESTRICT,
        NO_ACTION,
        SET_NULL,
        SET_DEFAULT
    }

    private static final SqlOperator OPERATOR = new SqlSpecialOperator("FOREIGN KEY", SqlKind.FOREIGN_KEY) {
        @Override
        public SqlCall createCall(
                @Nullable SqlLiteral qualifier, SqlParserPos position, @Nullable SqlNode... operands) {
            return new ForeignKey(
                    position,
                    (SqlIdentifier) operands[0],
                    (SqlNodeList) Objects.requireNonNull(operands[1]),
                    (SqlIdentifier) Objects.requireNonNull(operands[2]),
                    (SqlNodeList) operands[3],
                    ((SqlLiteral) Objects.requireNonNull(operands[4])).getValueAs(Reaction.class),
                    ((SqlLiteral) Objects.requireNonNull(operands[5])).getValueAs(Reaction.class));
        }
    };

    private final @Nullable SqlIdentifier name;
    private final SqlNodeList columns;
    private final SqlIdentifier table;
    private final @Nullable SqlNodeList keys;
    private final Reaction onDelete;
    private final Reaction onUpdate;

    /**
     * @param name of the constraint; null: the source invents one
     * @param table the parent
     * @param keys the parent's columns; null: its primary key
     */
    public ForeignKey(
            SqlParserPos position,
            @Nullable SqlIdentifier name,
            SqlNodeList columns,
            SqlIdentifier table,
            @Nullable SqlNodeList keys,
            Reaction onDelete,
            Reaction onUpdate) {
        super(position);
        this.name = name;
        this.columns = columns;
        this.table = table;
        this.keys = keys;
        this.onDelete = onDelete;
        this.onUpdate = onUpdate;
    }

    /** The parent table. Whoever writes the statement for a source must check that it is on that source. */
    public SqlIdentifier table() {
        return table;
    }

    /** The same key onto the parent as its source names it. */
    public ForeignKey withTable(SqlIdentifier physical) {
        return new ForeignKey(getParserPosition(), name, columns, physical, keys, onDelete, onUpdate);
    }

    @Override
    public SqlOperator getOperator() {
        return OPERATOR;
    }

    @Override
    public List<SqlNode> getOperandList() {
        return ImmutableNullableList.of(
                name,
                columns,
                table,
                keys,
                SqlLiteral.createSymbol(onDelete, SqlParserPos.ZERO),
                SqlLiteral.createSymbol(onUpdate, SqlParserPos.ZERO));
    }

    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        if (name != null) {
            writer.keyword("CONSTRAINT");
            name.unparse(writer, 0, 0);
        }
        writer.keyword("FOREIGN KEY");
        columns.unparse(writer, 1, 1);
        writer.keyword("REFERENCES");
        table.unparse(writer, 0, 0);
        if (keys != null) {
            keys.unparse(writer, 1, 1);
        }
        unparse(writer, "ON DELETE", onDelete);
        unparse(writer, "ON UPDATE", onUpdate);
    }

    private static void unparse(SqlWriter writer, String event, Reaction reaction) {
        if (reaction != Reaction.UNSTATED) {
            writer.keyword(event);
            writer.keyword(reaction.name().replace('_', ' '));
        }
    }
}
