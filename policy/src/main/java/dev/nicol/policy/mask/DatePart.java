package dev.nicol.policy.mask;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * {@code date_part}: the beginning of a date's or timestamp's year, quarter, month or day, in the column's type. Moments
 * (timestamps with a zone) are truncated in UTC.
 */
public record DatePart(Part part) implements Mask {
    private static final Set<SqlTypeName> DATES =
            Set.of(SqlTypeName.DATE, SqlTypeName.TIMESTAMP, SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE);

    static final MaskType TYPE =
            new MaskType("date_part", Set.of("part"), parameters -> new DatePart(Part.named(parameters.get("part"))));

    /** What is kept. */
    public enum Part {
        YEAR,
        QUARTER,
        MONTH,
        DAY;

        /** As a policy file writes it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        private static Part named(@Nullable Object word) {
            for (Part part : values()) {
                if (part.word().equals(word)) {
                    return part;
                }
            }
            throw new IllegalArgumentException("`part` must be one of year, quarter, month, day");
        }
    }

    @Override
    public String kind() {
        return TYPE.kind();
    }

    @Override
    public @Nullable String misfit(RelDataType columnType) {
        return DATES.contains(columnType.getSqlTypeName())
                ? null
                : "`" + kind() + "` masks dates and timestamps, and the column is `" + columnType.getSqlTypeName()
                        + "`";
    }

    @Override
    public RexNode apply(RexBuilder builder, RexNode raw) {
        return builder.makeCall(raw.getType(), MaskFunctions.DATE_PART, List.of(raw, builder.makeLiteral(part.word())));
    }

    @Override
    public String toString() {
        return "{kind: date_part, part: " + part.word() + "}";
    }
}
