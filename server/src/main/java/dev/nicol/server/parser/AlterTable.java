package dev.nicol.server.parser;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.dialect.MysqlSqlDialect;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.jspecify.annotations.Nullable;

/**
 * {@code ALTER TABLE t <one change>}. Its only operand is the table, so that a shuttle that renames tables leaves the
 * change as it is; to change types, make a new node.
 */
public final class AlterTable extends SqlCall {
    private final SqlIdentifier table;
    private final Change change;

    public AlterTable(SqlParserPos position, SqlIdentifier table, Change change) {
        super(position);
        this.table = table;
        this.change = change;
    }

    public SqlIdentifier table() {
        return table;
    }

    public Change change() {
        return change;
    }

    /** What the grammar throws for {@code ADD c INTEGER UNIQUE}: not every source takes both in one statement. */
    public static NicolException columnWithConstraint(SqlNode constraint) {
        SqlParserPos position = constraint.getParserPosition();
        return NicolError.NOT_SUPPORTED.because("A key, check or reference beside a new column (line "
                + position.getLineNum() + ", column " + position.getColumnNum()
                + ") is not supported. Add the column first, then the constraint with ALTER TABLE … ADD.");
    }

    @Override
    public SqlOperator getOperator() {
        return new SqlSpecialOperator("ALTER TABLE", SqlKind.ALTER_TABLE) {
            @Override
            public SqlCall createCall(
                    @Nullable SqlLiteral qualifier, SqlParserPos position, @Nullable SqlNode... operands) {
                return new AlterTable(position, (SqlIdentifier) Objects.requireNonNull(operands[0]), change);
            }
        };
    }

    @Override
    public List<SqlNode> getOperandList() {
        return List.of(table);
    }

    /**
     * Writes the statement in the writer's dialect.
     *
     * @throws NicolException NOT_SUPPORTED when the dialect cannot say the change without more knowledge of the column
     */
    @Override
    public void unparse(SqlWriter writer, int leftPrec, int rightPrec) {
        writer.keyword("ALTER TABLE");
        table.unparse(writer, 0, 0);
        change.unparse(writer, table);
    }

    /** One change of a table. */
    public sealed interface Change {
        /** Writes what follows {@code ALTER TABLE t}. */
        void unparse(SqlWriter writer, SqlIdentifier table);
    }

    /** @param column a Calcite column declaration */
    public record AddColumn(SqlNode column) implements Change {
        @Override
        public void unparse(SqlWriter writer, SqlIdentifier table) {
            writer.keyword("ADD COLUMN");
            unparseElement(writer, column);
        }
    }

    /** @param constraint a key, a check or a {@link ForeignKey} */
    public record AddConstraint(SqlNode constraint) implements Change {
        @Override
        public void unparse(SqlWriter writer, SqlIdentifier table) {
            writer.keyword("ADD");
            unparseElement(writer, constraint);
        }
    }

    public record DropColumn(SqlIdentifier name) implements Change {
        @Override
        public void unparse(SqlWriter writer, SqlIdentifier table) {
            writer.keyword("DROP COLUMN");
            name.unparse(writer, 0, 0);
        }
    }

    public record DropConstraint(SqlIdentifier name) implements Change {
        @Override
        public void unparse(SqlWriter writer, SqlIdentifier table) {
            writer.keyword("DROP CONSTRAINT");
            name.unparse(writer, 0, 0);
        }
    }

    public record RenameColumn(SqlIdentifier name, SqlIdentifier renamed) implements Change {
        @Override
        public void unparse(SqlWriter writer, SqlIdentifier table) {
            writer.keyword("RENAME COLUMN");
            name.unparse(writer, 0, 0);
            writer.keyword("TO");
            renamed.unparse(writer, 0, 0);
        }
    }

    /** @param renamed a name alone: the table stays in its schema */
    public record RenameTable(SqlIdentifier renamed) implements Change {
        @Override
        public void unparse(SqlWriter writer, SqlIdentifier table) {
            writer.keyword("RENAME TO");
            if (isMySql(writer) && table.names.size() > 1) {
                // MySQL would move a table that is renamed to a name alone into the connection's database.
                List<String> names = new ArrayList<>(table.names.subList(0, table.names.size() - 1));
                names.add(renamed.getSimple());
                new SqlIdentifier(names, SqlParserPos.ZERO).unparse(writer, 0, 0);
            } else {
                renamed.unparse(writer, 0, 0);
            }
        }
    }

    public record SetType(SqlIdentifier name, SqlDataTypeSpec type) implements Change {
        @Override
        public void unparse(SqlWriter writer, SqlIdentifier table) {
            refuseWholeColumnChange(writer, name);
            writer.keyword("ALTER COLUMN");
            name.unparse(writer, 0, 0);
            writer.keyword("SET DATA TYPE");
            type.unparse(writer, 0, 0);
        }
    }

    public record SetNotNull(SqlIdentifier name) implements Change {
        @Override
        public void unparse(SqlWriter writer, SqlIdentifier table) {
            refuseWholeColumnChange(writer, name);
            unparseColumn(writer, name, "SET NOT NULL");
        }
    }

    public record DropNotNull(SqlIdentifier name) implements Change {
        @Override
        public void unparse(SqlWriter writer, SqlIdentifier table) {
            refuseWholeColumnChange(writer, name);
            unparseColumn(writer, name, "DROP NOT NULL");
        }
    }

    public record SetDefault(SqlIdentifier name, SqlNode value) implements Change {
        @Override
        public void unparse(SqlWriter writer, SqlIdentifier table) {
            unparseColumn(writer, name, "SET DEFAULT");
            value.unparse(writer, 0, 0);
        }
    }

    public record DropDefault(SqlIdentifier name) implements Change {
        @Override
        public void unparse(SqlWriter writer, SqlIdentifier table) {
            unparseColumn(writer, name, "DROP DEFAULT");
        }
    }

    /** Calcite's defaults and checks can be written inside a list only. */
    private static void unparseElement(SqlWriter writer, SqlNode element) {
        SqlWriter.Frame frame = writer.startList("", "");
        element.unparse(writer, 0, 0);
        writer.endList(frame);
    }

    private static void unparseColumn(SqlWriter writer, SqlIdentifier name, String what) {
        writer.keyword("ALTER COLUMN");
        name.unparse(writer, 0, 0);
        writer.keyword(what);
    }

    /** MySQL's MODIFY restates the whole column; what is left unsaid there would be lost. */
    private static void refuseWholeColumnChange(SqlWriter writer, SqlIdentifier name) {
        if (isMySql(writer)) {
            throw NicolError.NOT_SUPPORTED.because("Changing the type or NOT NULL of column `" + name.getSimple()
                    + "` is not supported on MySQL and MariaDB. Add a new column and copy the values.");
        }
    }

    private static boolean isMySql(SqlWriter writer) {
        return writer.getDialect() instanceof MysqlSqlDialect;
    }
}
