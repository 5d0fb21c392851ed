package dev.nicol.adapters.dialect;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;

/**
 * SQL of one kind with holes: <code>{0}</code> stands for the first operand. The text is ours; whatever a user wrote
 * comes in through the holes only, unparsed by the dialect. {@code <<} and {@code >>} stand for braces themselves.
 */
public final class SqlTemplate {
    private static final RexBuilder REX = new RexBuilder(NicolTypeSystem.factory());

    /** Text and holes in turn: text, hole, text, hole, text. */
    private final List<String> texts = new ArrayList<>();

    private final List<Integer> holes = new ArrayList<>();

    private SqlTemplate(String template) {
        int from = 0;
        for (int open = template.indexOf('{'); open >= 0; open = template.indexOf('{', from)) {
            int close = template.indexOf('}', open);
            texts.add(unescape(template.substring(from, open)));
            holes.add(Integer.parseInt(template.substring(open + 1, close)));
            from = close + 1;
        }
        texts.add(unescape(template.substring(from)));
    }

    private static String unescape(String text) {
        return text.replace("<<", "{").replace(">>", "}");
    }

    public static SqlTemplate of(String template) {
        return new SqlTemplate(template);
    }

    /** Writes the text with {@code operands} in its holes, each in parentheses where it is not atomic. */
    public void unparse(SqlWriter writer, List<? extends SqlNode> operands) {
        for (int i = 0; i < texts.size(); i++) {
            if (!texts.get(i).isEmpty()) {
                writer.print(texts.get(i));
            }
            if (i < holes.size()) {
                writer.setNeedWhitespace(true);
                SqlNode operand = operands.get(holes.get(i));
                boolean parenthesized = operand instanceof SqlCall;
                SqlWriter.Frame frame = parenthesized ? writer.startList("(", ")") : null;
                operand.unparse(writer, 0, 0);
                if (frame != null) {
                    writer.endList(frame);
                }
                writer.setNeedWhitespace(false);
            }
        }
        writer.setNeedWhitespace(true);
    }

    /** How often operand {@code index} is written. */
    public int uses(int index) {
        return (int) holes.stream().filter(hole -> hole == index).count();
    }

    /** An expression that unparses to this template: how a dialect acts on types, which SQL nodes do not have. */
    public RexNode call(RelDataType type, List<RexNode> operands) {
        return REX.makeCall(type, new TemplateFunction(this), operands);
    }

    private static final class TemplateFunction extends SqlFunction {
        private final SqlTemplate template;

        TemplateFunction(SqlTemplate template) {
            super(
                    "NICOL_TEMPLATE",
                    SqlKind.OTHER_FUNCTION,
                    ReturnTypes.ARG0,
                    null,
                    OperandTypes.VARIADIC,
                    SqlFunctionCategory.USER_DEFINED_FUNCTION);
            this.template = template;
        }

        @Override
        public void unparse(SqlWriter writer, SqlCall call, int leftPrec, int rightPrec) {
            writer.setNeedWhitespace(true);
            template.unparse(writer, call.getOperandList());
        }
    }
}
