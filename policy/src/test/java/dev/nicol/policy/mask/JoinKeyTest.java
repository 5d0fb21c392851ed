package dev.nicol.policy.mask;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystem;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which stored values joins may compare, and what is compared in their place. */
class JoinKeyTest {
    private static final RelDataTypeFactory TYPES = new SqlTypeFactoryImpl(RelDataTypeSystem.DEFAULT);
    private static final RexBuilder BUILDER = new RexBuilder(TYPES);
    private static final JoinKey KEY = new JoinKey();

    @Test
    void onlyTextAndWholeNumbersHaveKeys() {
        for (String type :
                new String[] {"CHAR(4)", "VARCHAR(20)", "VARCHAR", "TINYINT", "SMALLINT", "INTEGER", "BIGINT"}) {
            assertThat(KEY.misfit(type(type))).as(type).isNull();
        }
        assertThat(KEY.misfit(type("DATE")))
                .isEqualTo("joins compare stored text and whole numbers, and the column is `DATE`");
        for (String type : new String[] {"DECIMAL", "DOUBLE", "BOOLEAN", "TIMESTAMP", "VARBINARY"}) {
            assertThat(KEY.misfit(type(type))).as(type).isNotNull();
        }
        assertThat(KEY.kind()).isEqualTo("join key");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "INTEGER | BIGINT | true",
                "BIGINT | TINYINT | true",
                "CHAR(4) | VARCHAR(9) | true",
                "INTEGER | VARCHAR(9) | false",
                "VARCHAR(9) | INTEGER | false",
                "DATE | DATE | false",
                "DATE | VARCHAR(9) | false",
                "VARCHAR(9) | DATE | false",
            })
    void keysAreComparedWithTheirLike(String one, String other, boolean joins) {
        assertThat(KEY.joins(type(one), type(other))).isEqualTo(joins);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "INTEGER | BIGINT | true",
                "INTEGER | INTEGER | true",
                "BIGINT | INTEGER | false",
                "VARCHAR(9) | VARCHAR(10) | true",
                "VARCHAR(9) | VARCHAR(9) | true",
                "VARCHAR(9) | VARCHAR(8) | false",
                "VARCHAR(9) | VARCHAR | true",
                "VARCHAR | VARCHAR | true",
                "VARCHAR | VARCHAR(9) | false",
                "CHAR(4) | VARCHAR(4) | true",
                "VARCHAR(4) | CHAR(9) | false",
                "INTEGER | VARCHAR | false",
                "DATE | DATE | false",
            })
    void aCastThatMayChangeTheValueIsNone(String from, String to, boolean keeps) {
        assertThat(KEY.keeps(type(from), type(to))).isEqualTo(keeps);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "VARCHAR | $0",
                "VARCHAR(20) | CAST($0):VARCHAR NOT NULL",
                "CHAR(4) | CAST(TRIM(FLAG(TRAILING), ' ', $0)):VARCHAR NOT NULL",
                "INTEGER | CAST(CAST($0):BIGINT NOT NULL):VARCHAR NOT NULL",
                // a source may fill a number of its own type with zeros
                "BIGINT | CAST(CAST($0):BIGINT NOT NULL):VARCHAR NOT NULL",
            })
    void aKeyIsTheHashOfTheCanonicalText(String type, String text) {
        RexCall key = (RexCall) KEY.apply(BUILDER, BUILDER.makeInputRef(type(type), 0));

        assertThat(key.getOperator()).isSameAs(MaskFunctions.HASH);
        assertThat(key.getOperands().get(0).toString()).isEqualTo(text);
        assertThat(key.getType().isNullable()).isFalse();
    }

    @Test
    void noValueHasNoKey() {
        RexNode column = BUILDER.makeInputRef(TYPES.createTypeWithNullability(type("INTEGER"), true), 0);
        RexCall key = (RexCall) KEY.apply(BUILDER, column);

        assertThat(key.getOperands().get(0).toString()).isEqualTo("CAST(CAST($0):BIGINT):VARCHAR");
        assertThat(key.getType().isNullable()).isTrue();
    }

    private static RelDataType type(String written) {
        String[] parts = written.split("[()]");
        SqlTypeName name = SqlTypeName.valueOf(parts[0]);
        return parts.length == 1 ? TYPES.createSqlType(name) : TYPES.createSqlType(name, Integer.parseInt(parts[1]));
    }
}
