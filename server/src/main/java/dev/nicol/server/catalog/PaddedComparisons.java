package dev.nicol.server.catalog;

import java.util.List;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.NlsString;
import org.jspecify.annotations.Nullable;

/**
 * A CHAR column that is compared with a constant is compared as it is stored. Calcite makes both VARCHARs of the longer one's
 * length: no index is found by that, and to some sources the blanks that pad a CHAR then make a difference. What is computed of
 * one is left alone: to Calcite UPPER of a CHAR is a CHAR, to PostgreSQL a text without those blanks.
 */
final class PaddedComparisons extends RelHomogeneousShuttle {
    private final RexBuilder rex;

    PaddedComparisons(RexBuilder rex) {
        this.rex = rex;
    }

    @Override
    public RelNode visit(RelNode other) {
        RelNode node = super.visit(other);
        return node.accept(new RexShuttle() {
            @Override
            public RexNode visitSubQuery(RexSubQuery subQuery) {
                RexSubQuery visited = (RexSubQuery) super.visitSubQuery(subQuery);
                return visited.clone(visited.rel.accept(PaddedComparisons.this));
            }

            @Override
            public RexNode visitCall(RexCall call) {
                if (call.getKind() == SqlKind.SEARCH
                        && call.getOperands().get(0) instanceof RexCall cast
                        && cast.getKind() == SqlKind.CAST
                        && cast.getOperands().get(0).getType().getSqlTypeName() == SqlTypeName.CHAR) {
                    return RexUtil.expandSearch(rex, null, call).accept(this); // of an ON, whose list is a set already
                }
                RexNode visited = super.visitCall(call);
                return visited instanceof RexCall compared
                                && SqlKind.COMPARISON.contains(compared.getKind())
                                && compared.getOperands().size() == 2
                        ? asStored(compared, node)
                        : visited;
            }
        });
    }

    private RexNode asStored(RexCall compared, RelNode node) {
        RexNode left = compared.getOperands().get(0);
        RexNode right = compared.getOperands().get(1);
        RexNode asStored = asStored(compared.getOperator(), left, right, false, node);
        if (asStored == null) {
            asStored = asStored(compared.getOperator(), right, left, true, node);
        }
        return asStored == null ? compared : asStored;
    }

    /** Null where the one is no stored CHAR that was made longer, or the other no constant. */
    private @Nullable RexNode asStored(
            SqlOperator operator, RexNode text, RexNode constant, boolean turned, RelNode node) {
        if (!(constant instanceof RexLiteral literal)
                || !(literal.getValue() instanceof NlsString value)
                || !(text instanceof RexCall cast)
                || cast.getKind() != SqlKind.CAST
                || !SqlTypeUtil.inCharFamily(cast.getType())) {
            return null;
        }
        RexNode stored = cast.getOperands().get(0);
        if (stored.getType().getSqlTypeName() != SqlTypeName.CHAR
                || cast.getType().getPrecision() >= 0
                        && cast.getType().getPrecision() < stored.getType().getPrecision()
                || !(stored instanceof RexInputRef column)
                || !StoredColumns.isInput(node, column.getIndex())) {
            return null;
        }
        RexNode padded = padded(value.rtrim(), stored.getType());
        return rex.makeCall(operator, turned ? List.of(padded, stored) : List.of(stored, padded));
    }

    /** The constant as a CHAR of the column's length, or of its own where that is longer. */
    private RexNode padded(NlsString value, RelDataType type) {
        RelDataTypeFactory types = rex.getTypeFactory();
        RelDataType padded = types.createTypeWithCharsetAndCollation(
                types.createSqlType(SqlTypeName.CHAR, Math.max(value.getValue().length(), type.getPrecision())),
                type.getCharset(),
                type.getCollation());
        return rex.makeLiteral(value, padded, false);
    }
}
