package dev.nicol.adapters;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.mask.MaskFunctions;
import java.util.List;
import java.util.regex.Matcher;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.util.SqlBasicVisitor;

/** Writes {@link MaskFunctions} from one kind's own SQL. */
public final class MaskSql {
    private final Partial partial;
    private final SqlTemplate hash;

    /** The SQL of PARTIAL, given its numbers. */
    @FunctionalInterface
    public interface Partial {
        /**
         * @param first characters kept in front
         * @param last characters kept at the end
         * @return a template over <code>{0}</code> the text, <code>{1}</code> the replacement, <code>{2}</code> the same
         *     escaped as the replacement of a Java regular expression
         */
        SqlTemplate template(int first, int last);
    }

    /** @param hash over <code>{0}</code> text, <code>{1}</code> inner pad, <code>{2}</code> outer pad */
    public MaskSql(Partial partial, SqlTemplate hash) {
        this.partial = partial;
        this.hash = hash;
    }

    /** Writes the call when it is a mask function, and says whether it was one. */
    public boolean unparse(SqlWriter writer, SqlCall call) {
        if (call.getOperator() == MaskFunctions.PARTIAL) {
            int first = intLiteral(call.operand(1));
            int last = intLiteral(call.operand(2));
            String with = ((SqlLiteral) call.operand(3)).getValueAs(String.class);
            SqlNode escaped = SqlLiteral.createCharString(Matcher.quoteReplacement(with), SqlParserPos.ZERO);
            write(writer, partial.template(first, last), List.of(call.operand(0), call.operand(3), escaped));
            return true;
        } else if (call.getOperator() == MaskFunctions.HASH) {
            write(writer, hash, call.getOperandList());
            return true;
        }
        return false;
    }

    private static void write(SqlWriter writer, SqlTemplate template, List<SqlNode> operands) {
        if (template.uses(0) > 1 && holdsParameter(operands.get(0))) {
            throw NicolError.NOT_PROVEN.because(
                    "A mask stands on an expression with parameters, which this source cannot compute once only;"
                            + " put the mask on a column instead.");
        }
        writer.setNeedWhitespace(true);
        template.unparse(writer, operands);
    }

    private static int intLiteral(SqlNode node) {
        return ((SqlLiteral) node).intValue(true);
    }

    private static boolean holdsParameter(SqlNode node) {
        boolean[] found = {false};
        node.accept(new SqlBasicVisitor<Void>() {
            @Override
            public Void visit(SqlDynamicParam parameter) {
                found[0] = true;
                return null;
            }
        });
        return found[0];
    }
}
