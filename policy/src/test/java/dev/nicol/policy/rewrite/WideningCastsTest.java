package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Casts of a column {@code $0} in comparisons: which change an answer, and which only keep a source from its index. */
class WideningCastsTest {
    private static final RexBuilder REX = new RexBuilder(Clinic.TYPES);

    @ParameterizedTest
    @CsvSource({
        // the column's type, what it is cast to, whether that is dropped beside a literal, a parameter and what a
        // policy looked up
        "VARCHAR(20), VARCHAR(30), true, true, true",
        "VARCHAR(20), VARCHAR(20), true, true, true",
        "VARCHAR(20), VARCHAR, true, true, true",
        "VARCHAR(20), VARCHAR(19), false, false, false",
        "VARCHAR, VARCHAR, true, true, true",
        "VARCHAR, VARCHAR(30), false, false, false",
        "CHAR(5), VARCHAR(30), false, true, false",
        "VARCHAR(5), CHAR(30), false, false, false",
        "INTEGER, BIGINT, false, false, true",
        "INTEGER, INTEGER, false, false, true",
        "BIGINT, INTEGER, false, false, false",
        "INTEGER, VARCHAR(30), false, false, false",
        "VARCHAR(5), INTEGER, false, false, false",
        "INTEGER, DOUBLE, false, false, false",
    })
    void castsThatChangeNoAnswerAreDropped(
            String column, String to, boolean besideLiterals, boolean besideParameters, boolean besideValues) {
        RexNode cast = REX.makeAbstractCast(type(to), REX.makeInputRef(type(column), 0), false);
        RexNode literal =
                type(to).getSqlTypeName() == SqlTypeName.VARCHAR ? REX.makeLiteral("a") : REX.makeZeroLiteral(type(to));
        RexNode parameter = REX.makeDynamicParam(type(to), 7);

        assertThat(dropped(equal(cast, literal))).isEqualTo(besideLiterals);
        assertThat(dropped(equal(literal, cast))).isEqualTo(besideLiterals);
        assertThat(dropped(equal(cast, parameter))).isEqualTo(besideParameters);
        assertThat(dropped(equal(parameter, cast))).isEqualTo(besideParameters);
        assertThat(WideningCasts.narrowed(cast).toString()).isEqualTo(besideValues ? "$0" : cast.toString());
        assertThat(WideningCasts.narrowedComparison(equal(cast, parameter)).toString())
                .isEqualTo(besideValues ? "=($0, ?7)" : "=(" + cast + ", ?7)");
        assertThat(WideningCasts.narrowedComparison(equal(parameter, cast)).toString())
                .isEqualTo(besideValues ? "=(?7, $0)" : "=(?7, " + cast + ")");
    }

    @Test
    void onlyComparisonsWithConstantsLoseTheirCasts() {
        RexNode column = REX.makeInputRef(type("VARCHAR(20)"), 0);
        RexNode cast = REX.makeAbstractCast(type("VARCHAR(30)"), column, false);
        RexNode other = REX.makeInputRef(type("VARCHAR(30)"), 1);
        RexNode literal = REX.makeLiteral("a");
        RexCall columns = equal(cast, other);
        RexCall reversed = equal(other, cast);
        RexCall like = (RexCall) REX.makeCall(SqlStdOperatorTable.LIKE, cast, literal);
        RexCall likeBound =
                (RexCall) REX.makeCall(SqlStdOperatorTable.LIKE, cast, REX.makeDynamicParam(type("VARCHAR"), 7));
        RexCall isNull = (RexCall) REX.makeCall(SqlStdOperatorTable.IS_NULL, cast);
        RexCall literals = equal(cast, literal);
        RexCall plain = equal(column, literal);

        for (RexCall call : List.of(columns, reversed, like, isNull, plain)) {
            assertThat(WideningCasts.dropped(call)).isSameAs(call);
        }
        for (RexCall call : List.of(columns, reversed, likeBound, isNull, literals)) {
            assertThat(WideningCasts.narrowedComparison(call)).isSameAs(call);
        }
        assertThat(WideningCasts.narrowed(column)).isSameAs(column);
        assertThat(WideningCasts.narrowed(isNull)).isSameAs(isNull);
    }

    @Test
    void theComparisonStaysTheSameButForTheCast() {
        RexNode cast = REX.makeAbstractCast(type("VARCHAR(30)"), REX.makeInputRef(type("VARCHAR(20)"), 0), false);
        RexNode less = REX.makeCall(SqlStdOperatorTable.LESS_THAN, REX.makeLiteral("a"), cast);

        assertThat(WideningCasts.dropped((RexCall) less).toString()).isEqualTo("<('a', $0)");
        assertThat(WideningCasts.dropped((RexCall) less).getType()).isEqualTo(less.getType());
    }

    private static boolean dropped(RexCall comparison) {
        RexNode result = WideningCasts.dropped(comparison);
        boolean dropped = !result.toString().contains("CAST");
        assertThat(dropped || result == comparison).isTrue();
        return dropped;
    }

    private static RexCall equal(RexNode left, RexNode right) {
        return (RexCall) REX.makeCall(SqlStdOperatorTable.EQUALS, left, right);
    }

    private static RelDataType type(String written) {
        String[] parts = written.split("[()]");
        SqlTypeName name = SqlTypeName.valueOf(parts[0]);
        return parts.length == 1
                ? Clinic.TYPES.createSqlType(name)
                : Clinic.TYPES.createSqlType(name, Integer.parseInt(parts[1]));
    }
}
