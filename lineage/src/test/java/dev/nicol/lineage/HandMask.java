package dev.nicol.lineage;

import dev.nicol.policy.mask.Mask;
import dev.nicol.policy.mask.MaskFunctions;
import java.math.BigDecimal;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.jspecify.annotations.Nullable;

/** Masks of the three shapes that lineage must see through: a function, a constant, and a choice. */
sealed interface HandMask extends Mask {
    @Override
    default @Nullable String misfit(RelDataType columnType) {
        return null;
    }

    record LastFour() implements HandMask {
        @Override
        public String kind() {
            return "partial";
        }

        @Override
        public RexNode apply(RexBuilder builder, RexNode raw) {
            return builder.makeCall(
                    raw.getType(),
                    MaskFunctions.PARTIAL,
                    java.util.List.of(
                            raw,
                            builder.makeExactLiteral(BigDecimal.ZERO),
                            builder.makeExactLiteral(BigDecimal.valueOf(4)),
                            builder.makeLiteral("*")));
        }
    }

    record ToNull() implements HandMask {
        @Override
        public String kind() {
            return "null";
        }

        @Override
        public RexNode apply(RexBuilder builder, RexNode raw) {
            return builder.makeNullLiteral(raw.getType());
        }
    }

    record Redact() implements HandMask {
        @Override
        public String kind() {
            return "redact";
        }

        @Override
        public RexNode apply(RexBuilder builder, RexNode raw) {
            return builder.makeCall(
                    raw.getType(),
                    SqlStdOperatorTable.CASE,
                    java.util.List.of(
                            builder.makeCall(SqlStdOperatorTable.IS_NULL, raw),
                            builder.makeNullLiteral(raw.getType()),
                            builder.makeCast(raw.getType(), builder.makeLiteral("***"))));
        }
    }
}
