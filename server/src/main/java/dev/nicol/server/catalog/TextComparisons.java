package dev.nicol.server.catalog;

import java.util.List;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.NlsString;
import org.jspecify.annotations.Nullable;

/**
 * A text that is compared with a constant is compared as it is. Calcite makes both as long as the longer one and takes a CHAR for
 * a VARCHAR, blanks and all: no index is found by that, and to some sources the blanks that pad a CHAR make a difference.
 */
final class TextComparisons extends RelHomogeneousShuttle {
    private final RexBuilder rex;

    TextComparisons(RexBuilder rex) {
        this.rex = rex;
    }

    @Override
    public RelNode visit(RelNode other) {
        return super.visit(other).accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                RexSubQuery visited = (RexSubQuery) super.visitSubQuery(subQuery);
                return visited.clone(visited.rel.accept(TextComparisons.this));
            }

            @Override
            public RexNode visitCall(RexCall call) {
                RexNode visited = super.visitCall(call);
                return visited instanceof RexCall compared
                                && SqlKind.COMPARISON.contains(compared.getKind())
                                && compared.getOperands().size() == 2
                        ? asStored(compared)
                        : visited;
            }
        });
    }

    private RexNode asStored(RexCall compared) {
        RexNode left = compared.getOperands().get(0);
        RexNode right = compared.getOperands().get(1);
        RexNode asStored = asStored(compared.getOperator(), left, right, false);
        if (asStored == null) {
            asStored = asStored(compared.getOperator(), right, left, true);
        }
        return asStored == null ? compared : asStored;
    }

    /** Null where the one is no lengthened text or the other no constant. */
    private @Nullable RexNode asStored(SqlOperator operator, RexNode text, RexNode constant, boolean turned) {
        if (!(constant instanceof RexLiteral literal)
                || !(literal.getValue() instanceof NlsString value)
                || !(text instanceof RexCall cast)
                || cast.getKind() != SqlKind.CAST) {
            return null;
        }
        RexNode stored = cast.getOperands().get(0);
        if (!lengthens(stored.getType(), cast.getType())) {
            return null;
        }
        RexNode same =
                stored.getType().getSqlTypeName() == SqlTypeName.CHAR ? padded(value, stored.getType()) : literal;
        return rex.makeCall(operator, turned ? List.of(same, stored) : List.of(stored, same));
    }

    private static boolean lengthens(RelDataType from, RelDataType to) {
        return SqlTypeUtil.inCharFamily(from)
                && SqlTypeUtil.inCharFamily(to)
                && from.getPrecision() >= 0
                && (to.getPrecision() < 0 || to.getPrecision() >= from.getPrecision());
    }

    /** The constant as a CHAR of the column's length, or of its own where it is longer than that without its blanks. */
    private RexNode padded(NlsString value, RelDataType type) {
        int own = value.rtrim().getValue().length();
        RelDataTypeFactory types = rex.getTypeFactory();
        RelDataType padded = types.createTypeWithCharsetAndCollation(
                types.createSqlType(SqlTypeName.CHAR, Math.max(own, type.getPrecision())),
                type.getCharset(),
                type.getCollation());
        return rex.makeLiteral(
                new NlsString(value.rtrim().getValue(), value.getCharsetName(), value.getCollation()), padded, false);
    }
}
