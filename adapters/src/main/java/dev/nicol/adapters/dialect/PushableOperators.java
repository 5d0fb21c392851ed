package dev.nicol.adapters.dialect;

import dev.nicol.policy.mask.MaskFunctions;
import dev.nicol.policy.rewrite.Alternatives;
import dev.nicol.policy.rewrite.ValueList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlLibraryOperators;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;

/**
 * The operators that all kinds compute as the engine does; each kind adds and withholds. Text compares, sorts and changes
 * case as the source's own collation says.
 */
public final class PushableOperators {
    private static final Set<SqlKind> KINDS = EnumSet.of(
            SqlKind.EQUALS,
            SqlKind.NOT_EQUALS,
            SqlKind.LESS_THAN,
            SqlKind.LESS_THAN_OR_EQUAL,
            SqlKind.GREATER_THAN,
            SqlKind.GREATER_THAN_OR_EQUAL,
            SqlKind.IS_NULL,
            SqlKind.IS_NOT_NULL,
            SqlKind.IS_TRUE,
            SqlKind.IS_NOT_TRUE,
            SqlKind.IS_FALSE,
            SqlKind.IS_NOT_FALSE,
            SqlKind.IS_DISTINCT_FROM,
            SqlKind.IS_NOT_DISTINCT_FROM,
            SqlKind.AND,
            SqlKind.OR,
            SqlKind.NOT,
            SqlKind.IN,
            SqlKind.NOT_IN,
            SqlKind.EXISTS,
            SqlKind.SCALAR_QUERY,
            SqlKind.SOME,
            SqlKind.ALL,
            SqlKind.SEARCH,
            SqlKind.BETWEEN,
            SqlKind.CASE,
            SqlKind.COALESCE,
            SqlKind.NULLIF,
            SqlKind.ROW,
            SqlKind.COUNT,
            SqlKind.MIN,
            SqlKind.MAX,
            SqlKind.GROUPING,
            SqlKind.LITERAL_AGG,
            SqlKind.ROW_NUMBER,
            SqlKind.RANK,
            SqlKind.DENSE_RANK,
            SqlKind.LAG,
            SqlKind.LEAD,
            SqlKind.FIRST_VALUE,
            SqlKind.LAST_VALUE,
            SqlKind.EXTRACT,
            SqlKind.LIKE,
            SqlKind.TRIM,
            SqlKind.POSITION);

    /** Wanted on numbers; on dates and intervals their meaning varies. */
    private static final Set<SqlKind> NUMERIC_KINDS = EnumSet.of(
            SqlKind.PLUS,
            SqlKind.MINUS,
            SqlKind.TIMES,
            SqlKind.DIVIDE,
            SqlKind.MOD,
            SqlKind.MINUS_PREFIX,
            SqlKind.PLUS_PREFIX,
            SqlKind.SUM,
            SqlKind.SUM0,
            SqlKind.AVG,
            SqlKind.CEIL,
            SqlKind.FLOOR);

    private static final Set<SqlOperator> TEXT_FUNCTIONS = Set.of(
            SqlStdOperatorTable.CONCAT,
            SqlStdOperatorTable.UPPER,
            SqlStdOperatorTable.LOWER,
            SqlStdOperatorTable.CHAR_LENGTH,
            SqlStdOperatorTable.CHARACTER_LENGTH,
            SqlStdOperatorTable.SUBSTRING,
            SqlLibraryOperators.NVL);

    private static final Set<SqlOperator> NUMERIC_FUNCTIONS = Set.of(SqlStdOperatorTable.ABS, SqlStdOperatorTable.SIGN);

    private static final Set<SqlOperator> MASKS = Set.of(
            MaskFunctions.PARTIAL,
            MaskFunctions.HASH,
            MaskFunctions.TOKEN,
            MaskFunctions.TOKEN_INTEGER,
            MaskFunctions.BUCKET,
            MaskFunctions.DATE_PART);

    /** Without a zone: parts of an instant depend on the session's. */
    private static final Set<SqlTypeName> DATETIMES = EnumSet.of(SqlTypeName.DATE, SqlTypeName.TIMESTAMP);

    private static final Set<SqlTypeName> SINGLE_INTERVALS = EnumSet.of(
            SqlTypeName.INTERVAL_YEAR,
            SqlTypeName.INTERVAL_MONTH,
            SqlTypeName.INTERVAL_DAY,
            SqlTypeName.INTERVAL_HOUR,
            SqlTypeName.INTERVAL_MINUTE,
            SqlTypeName.INTERVAL_SECOND);

    private PushableOperators() {}

    /** Whether every kind computes it alike. */
    public static boolean common(SqlOperator operator, List<RelDataType> operands) {
        SqlKind kind = operator.getKind();
        if (operator == SqlStdOperatorTable.DATETIME_PLUS || operator == SqlStdOperatorTable.MINUS_DATE) {
            return operands.size() == 2
                    && DATETIMES.contains(operands.get(0).getSqlTypeName())
                    && SINGLE_INTERVALS.contains(operands.get(1).getSqlTypeName());
        } else if (kind == SqlKind.CAST) {
            return operands.size() == 2 && casts(operands.get(0), operands.get(1));
        } else if (kind == SqlKind.FLOOR && operands.size() == 2) {
            return DATETIMES.contains(operands.get(0).getSqlTypeName());
        } else if (kind == SqlKind.DIVIDE && operands.stream().allMatch(SqlTypeUtil::isExactNumeric)) {
            // A fraction's digits are each database's own affair.
            return operands.stream().allMatch(PushableOperators::isInteger);
        } else if (NUMERIC_KINDS.contains(kind) || NUMERIC_FUNCTIONS.contains(operator)) {
            return operands.stream().allMatch(SqlTypeUtil::isNumeric);
        } else if (kind == SqlKind.EXTRACT) {
            return operands.size() == 2 && DATETIMES.contains(operands.get(1).getSqlTypeName());
        } else if (kind == SqlKind.POSITION) {
            return operands.size() == 2;
        } else if (kind == SqlKind.LIKE) {
            return operator == SqlStdOperatorTable.LIKE || operator == SqlStdOperatorTable.NOT_LIKE;
        } else if (TEXT_FUNCTIONS.contains(operator)) {
            return operator == SqlLibraryOperators.NVL || isText(operands.get(0));
        }
        return KINDS.contains(kind)
                || masks(operator, operands)
                || operator == ValueList.IN
                || operator == Alternatives.ANY;
    }

    /** A bucket of REAL is rounded twice, which kinds do in their own ways. */
    private static boolean masks(SqlOperator operator, List<RelDataType> operands) {
        return MASKS.contains(operator)
                && (operator != MaskFunctions.BUCKET || operands.get(0).getSqlTypeName() != SqlTypeName.REAL);
    }

    /** Conversions that all kinds make alike: nothing that parses or prints a fraction or an instant. */
    private static boolean casts(RelDataType from, RelDataType to) {
        if (from.getSqlTypeName() == SqlTypeName.NULL) {
            return true;
        } else if (isText(from)) {
            return isText(to);
        } else if (from.getSqlTypeName() == SqlTypeName.UUID && isText(to)) {
            // What a comparison with a literal comes to; all kinds print them alike, and our engine cannot.
            return true;
        } else if (SqlTypeUtil.isExactNumeric(from)) {
            return SqlTypeUtil.isNumeric(to)
                    || (isText(to) && isInteger(from) && to.getSqlTypeName() != SqlTypeName.CHAR);
        } else if (SqlTypeUtil.isApproximateNumeric(from)) {
            return to.getSqlTypeName() == SqlTypeName.DOUBLE || to.getSqlTypeName() == SqlTypeName.FLOAT;
        } else if (from.getSqlTypeName() == SqlTypeName.DATE) {
            return to.getSqlTypeName() == SqlTypeName.DATE || to.getSqlTypeName() == SqlTypeName.TIMESTAMP;
        }
        return from.getSqlTypeName() == to.getSqlTypeName() && to.getPrecision() >= from.getPrecision();
    }

    public static boolean isInteger(RelDataType type) {
        return SqlTypeName.INT_TYPES.contains(type.getSqlTypeName());
    }

    public static boolean isText(RelDataType type) {
        return SqlTypeName.CHAR_TYPES.contains(type.getSqlTypeName());
    }
}
