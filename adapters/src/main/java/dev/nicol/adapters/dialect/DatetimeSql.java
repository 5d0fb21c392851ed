package dev.nicol.adapters.dialect;

import dev.nicol.policy.NicolError;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.apache.calcite.avatica.util.TimeUnitRange;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlIntervalLiteral;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.jspecify.annotations.Nullable;

/**
 * Parts and steps of time in one kind's SQL. Results are the engine's: EXTRACT gives whole numbers, weeks are truncated
 * to Sunday and numbered as ISO has them, Sunday is day 1.
 */
public final class DatetimeSql {
    private final Map<TimeUnitRange, String> parts;
    private final Map<TimeUnitRange, String> floors;
    private final Function<RelDataType, String> castName;

    /**
     * @param parts templates of EXTRACT over <code>{0}</code>
     * @param floors templates of FLOOR(… TO unit) over <code>{0}</code>
     * @param castName how the kind names a type in CAST
     */
    public DatetimeSql(
            Map<TimeUnitRange, String> parts,
            Map<TimeUnitRange, String> floors,
            Function<RelDataType, String> castName) {
        this.parts = Map.copyOf(parts);
        this.floors = Map.copyOf(floors);
        this.castName = castName;
    }

    /** The call in the kind's own words; null where it is no business of this class. */
    public @Nullable RexNode rewrite(RexCall call) {
        List<RexNode> operands = call.getOperands();
        if (call.getKind() == SqlKind.EXTRACT) {
            if (RexLiteral.isNullLiteral(operands.get(1))) {
                // Untyped as it is written, it could be of any kind of part.
                return cast("NULL", call.getType(), List.of());
            }
            return SqlTemplate.of(template(parts, operands.get(0))).call(call.getType(), List.of(operands.get(1)));
        } else if (call.getKind() == SqlKind.FLOOR && operands.size() == 2) {
            return cast(template(floors, operands.get(1)), call.getType(), List.of(operands.get(0)));
        } else if (isDatetimeStep(call)) {
            String sign = call.getOperator() == SqlStdOperatorTable.MINUS_DATE ? "-" : "+";
            String sum = "{0} " + sign + " {1}";
            return call.getType().getSqlTypeName() == SqlTypeName.DATE
                    ? cast(sum, call.getType(), operands)
                    : SqlTemplate.of("(" + sum + ")").call(call.getType(), operands);
        }
        return null;
    }

    /** A date or timestamp truncated to a unit, in {@code type}. */
    public RexNode truncated(TimeUnitRange unit, RelDataType type, RexNode value) {
        return cast(Objects.requireNonNull(floors.get(unit)), type, List.of(value));
    }

    /** Writes {@code INTERVAL '-3' DAY}: the sign inside, and no precision unless {@code precise}. */
    public static void unparseInterval(SqlWriter writer, SqlIntervalLiteral literal, boolean precise) {
        SqlIntervalLiteral.IntervalValue value = literal.getValueAs(SqlIntervalLiteral.IntervalValue.class);
        String unit = value.getIntervalQualifier().timeUnitRange.startUnit.name();
        writer.print("INTERVAL '" + (value.getSign() < 0 ? "-" : "") + value.getIntervalLiteral() + "' " + unit
                + (precise ? "(18)" : ""));
        writer.setNeedWhitespace(true);
    }

    private static boolean isDatetimeStep(RexCall call) {
        return (call.getOperator() == SqlStdOperatorTable.DATETIME_PLUS
                        || call.getOperator() == SqlStdOperatorTable.MINUS_DATE)
                && SqlTypeUtil.isDatetime(call.getType())
                && SqlTypeUtil.isInterval(call.getOperands().get(1).getType());
    }

    private RexNode cast(String template, RelDataType type, List<RexNode> operands) {
        return SqlTemplate.of("CAST(" + template + " AS " + castName.apply(type) + ")")
                .call(type, operands);
    }

    private static String template(Map<TimeUnitRange, String> templates, RexNode unit) {
        TimeUnitRange range = ((RexLiteral) unit).getValueAs(TimeUnitRange.class);
        String template = range == null ? null : templates.get(range);
        if (template == null) {
            throw NicolError.NOT_SUPPORTED.because("The unit `" + range + "` is not supported here; use YEAR, QUARTER,"
                    + " MONTH, WEEK, DAY, HOUR, MINUTE or SECOND.");
        }
        return template;
    }
}
