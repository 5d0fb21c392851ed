package dev.nicol.policy.mask;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.policy.BoundParameter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystem;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlCollation;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each mask makes of a column, {@code $0}: the expression that sources and the engine compute. */
class MaskExpressionsTest {
    private static final RelDataTypeFactory TYPES = new SqlTypeFactoryImpl(RelDataTypeSystem.DEFAULT);
    private static final RexBuilder BUILDER = new RexBuilder(TYPES);

    /** The least multiple of the size and the least value of the type: what lies between has no bucket of its own. */
    @ParameterizedTest
    @CsvSource({
        "TINYINT, 10, -120, -128",
        "SMALLINT, 1000, -32000, -32768",
        "INTEGER, 1000, -2147483000, -2147483648",
        "BIGINT, 10, -9223372036854775800, -9223372036854775808",
        "BIGINT, 1, -9223372036854775808, -9223372036854775808",
    })
    void bucketsOfWholeNumbersEndAtTheTypesLeast(SqlTypeName name, String size, String lowest, String least) {
        RelDataType type = nullable(TYPES.createSqlType(name));
        RexCall bucket = call(new Bucket(new BigDecimal(size)), type);

        assertThat(bucket.getOperator()).isSameAs(MaskFunctions.BUCKET);
        assertThat(bucket.getOperands().get(0).toString()).isEqualTo("$0");
        assertThat(numbers(bucket)).containsExactly(number(size), number(lowest), number(least));
        assertThat(bucket.getType()).isEqualTo(type);
        assertThat(bucket.getOperands().get(1).getType()).isEqualTo(TYPES.createSqlType(name));
    }

    @Test
    void bucketsOfDecimalsHaveTheColumnsScale() {
        RelDataType type = TYPES.createSqlType(SqlTypeName.DECIMAL, 4, 2);
        RexCall bucket = call(new Bucket(number("0.25")), type);

        assertThat(numbers(bucket)).containsExactly(number("0.25"), number("-99.75"), number("-99.99"));
        assertThat(bucket.getOperands().get(1).getType()).isEqualTo(type);
        assertThat(numbers(call(new Bucket(number("10")), type)))
                .containsExactly(number("10.00"), number("-90.00"), number("-99.99"));
    }

    /** From 2^52 sizes on a double's steps are wider than half a size. */
    @Test
    void bucketsOfApproximateNumbersHaveABoundAndCanBeNull() {
        RexCall bucket = call(new Bucket(number("0.5")), TYPES.createSqlType(SqlTypeName.DOUBLE));

        assertThat(numbers(bucket))
                .usingElementComparator(BigDecimal::compareTo)
                .containsExactly(number("0.5"), number("2251799813685248"), number("2251799813685248"));
        assertThat(bucket.getOperands().get(1).getType().getSqlTypeName()).isEqualTo(SqlTypeName.DOUBLE);
        assertThat(bucket.getType()).isEqualTo(nullable(TYPES.createSqlType(SqlTypeName.DOUBLE)));
    }

    @ParameterizedTest
    @CsvSource({
        // largest token of a value that an INTEGER holds, and of others
        "TINYINT, 127, 127",
        "SMALLINT, 32767, 32767",
        "INTEGER, 2147483647, 2147483647",
        "BIGINT, 2147483647, 9223372036854775807",
    })
    void tokensOfWholeNumbersFitTheirType(SqlTypeName name, String narrow, String wide) {
        RelDataType type = nullable(TYPES.createSqlType(name));
        RexCall token = call(new Tokenize(16), type);

        assertThat(token.getOperator()).isSameAs(MaskFunctions.TOKEN_INTEGER);
        assertThat(token.getOperands().get(0).toString()).isEqualTo("$0");
        assertThat(numbers(token)).containsExactly(number(narrow), number(wide));
        assertThat(token.getType()).isEqualTo(type);
        assertThat(pads(token)).hasSize(2).allMatch(BoundParameter::isBound);
    }

    @ParameterizedTest
    @CsvSource({
        // 99999 has 17 bits, but not all numbers of 17 bits have five digits
        "5, 65535, 65535",
        "9, 536870911, 536870911",
        "10, 2147483647, 8589934591",
        "1, 7, 7",
    })
    void tokensOfDecimalsFitTheirDigits(int precision, String narrow, String wide) {
        RexCall token = call(new Tokenize(16), TYPES.createSqlType(SqlTypeName.DECIMAL, precision, 0));

        assertThat(numbers(token)).containsExactly(number(narrow), number(wide));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // the column's type, a token's digits, what is read, the type of what is shown
                "VARCHAR(20) | 16 | $0 | VARCHAR(20)",
                "VARCHAR(16) | 16 | $0 | VARCHAR(16)",
                "VARCHAR(15) | 16 | CAST($0):VARCHAR | VARCHAR",
                "CHAR(16) | 16 | CAST($0):VARCHAR | VARCHAR",
                "VARCHAR | 64 | $0 | VARCHAR",
            })
    void tokensOfTextAreNeitherCutNorPadded(String column, int length, String read, String shown) {
        RexCall token = call(new Tokenize(length), nullable(text(column)));

        assertThat(token.getOperator()).isSameAs(MaskFunctions.TOKEN);
        assertThat(token.getOperands().get(0).toString()).isEqualTo(read);
        assertThat(numbers(token)).containsExactly(BigDecimal.valueOf(length));
        assertThat(token.getType().toString()).isEqualTo(shown);
        assertThat(pads(token)).hasSize(2).doesNotHaveDuplicates().allMatch(BoundParameter::isBound);
    }

    @Test
    void textOfAnyLengthNeedsNoCast() {
        RelDataType any = nullable(text("VARCHAR"));

        assertThat(call(new Hash(), any).getOperands().get(0).toString()).isEqualTo("$0");
        assertThat(masked(new RedactText(List.of()), any)).isEqualTo("NICOL_REDACT_TEXT($0, '') VARCHAR");
        assertThat(masked(new RedactText(List.of("PHONE", "EMAIL")), nullable(text("VARCHAR(20)"))))
                .isEqualTo("NICOL_REDACT_TEXT(CAST($0):VARCHAR, 'EMAIL,PHONE') VARCHAR");
        assertThat(masked(new Redact("***"), any)).isEqualTo("CASE(IS NULL($0), null:VARCHAR, '***':VARCHAR) VARCHAR");
    }

    /** A wider type is not another alphabet: the column's character set and collation stay. */
    @Test
    void widenedTextKeepsCharacterSetAndCollation() {
        SqlCollation collation = new SqlCollation(
                SqlCollation.Coercibility.EXPLICIT, Locale.GERMANY, StandardCharsets.UTF_16LE, "primary");
        RelDataType german =
                TYPES.createTypeWithCharsetAndCollation(text("VARCHAR(2)"), StandardCharsets.UTF_16LE, collation);
        for (Mask mask : List.of(new Redact("***"), new Hash(), new Custom("x"))) {
            RelDataType shown = apply(mask, german).getType();
            assertThat(shown.getCharset()).isEqualTo(StandardCharsets.UTF_16LE);
            assertThat(shown.getCollation()).isEqualTo(collation);
            assertThat(shown.getPrecision()).isEqualTo(RelDataType.PRECISION_NOT_SPECIFIED);
        }
    }

    @Test
    void datesKeepTheirTypeAndSayTheirPart() {
        RelDataType date = nullable(TYPES.createSqlType(SqlTypeName.DATE));

        assertThat(masked(new DatePart(DatePart.Part.QUARTER), date)).isEqualTo("NICOL_DATE_PART($0, 'quarter') DATE");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "TINYINT | 7 | 7:TINYINT TINYINT",
                "BIGINT | 7 | 7:BIGINT BIGINT",
                "INTEGER | -2147483648 | -2147483648 INTEGER",
                "DOUBLE | 5.5 | 5.5E0:DOUBLE DOUBLE",
                "DOUBLE | 5 | 5.0E0:DOUBLE DOUBLE",
                "BOOLEAN | false | false BOOLEAN",
                "DATE | 2024-02-29 | 2024-02-29 DATE",
                "DATE | 0001-01-01 | 0001-01-01 DATE",
                "DATE | 9999-12-31 | 9999-12-31 DATE",
                "TIME | 23:59 | 23:59:00 TIME(0)",
                "TIME | 23:59:30 | 23:59:30 TIME(0)",
                "TIMESTAMP | 2024-02-29 23:59 | 2024-02-29 23:59:00 TIMESTAMP(0)",
                "TIMESTAMP | 2024-02-29 23:59:50 | 2024-02-29 23:59:50 TIMESTAMP(0)",
                "TIMESTAMP_WITH_LOCAL_TIME_ZONE | 2024-02-29 23:59:50"
                        + " | 2024-02-29 23:59:50:TIMESTAMP_WITH_LOCAL_TIME_ZONE(0) TIMESTAMP_WITH_LOCAL_TIME_ZONE(0)",
            })
    void aConstantIsALiteralOfTheColumnsType(SqlTypeName name, String value, String shown) {
        assertThat(masked(new Constant(parameter(name, value)), TYPES.createSqlType(name)))
                .isEqualTo(shown + " NOT NULL");
    }

    @Test
    void aConstantKeepsFractionsOfSeconds() {
        RelDataType time = TYPES.createSqlType(SqlTypeName.TIME, 3);
        RelDataType timestamp = TYPES.createSqlType(SqlTypeName.TIMESTAMP, 3);

        assertThat(masked(new Constant("23:59:59.125"), time)).startsWith("23:59:59.125");
        assertThat(masked(new Constant("23:59:59.120"), time)).startsWith("23:59:59.12");
        assertThat(masked(new Constant("2024-02-29 23:59:59.120"), timestamp)).startsWith("2024-02-29 23:59:59.12");
    }

    @Test
    void aConstantKeepsNullsAndDigits() {
        RelDataType decimal = TYPES.createSqlType(SqlTypeName.DECIMAL, 6, 2);

        assertThat(masked(new Constant(5L), nullable(TYPES.createSqlType(SqlTypeName.INTEGER))))
                .isEqualTo("CASE(IS NULL($0), null:INTEGER, 5) INTEGER");
        assertThat(((RexLiteral) apply(new Constant(5L), decimal)).getValueAs(BigDecimal.class))
                .isEqualTo(number("5.00"));
        assertThat(masked(new Constant("n/a"), text("VARCHAR(3)"))).isEqualTo("'n/a':VARCHAR(3) VARCHAR(3) NOT NULL");
        assertThat(apply(new Constant("6f1c2f0e-5a0a-4f5b-9a3e-0c7c1d2e3f40"), TYPES.createSqlType(SqlTypeName.UUID))
                        .toString())
                .startsWith("6f1c2f0e-5a0a-4f5b-9a3e-0c7c1d2e3f40");
        // What was refused when the policy was read shows nothing.
        assertThat(masked(new Constant("five"), TYPES.createSqlType(SqlTypeName.INTEGER)))
                .isEqualTo("null:INTEGER INTEGER");
    }

    @Test
    void aCustomMaskShowsNothingWithoutItsExpression() {
        assertThat(masked(new Custom("id"), TYPES.createSqlType(SqlTypeName.INTEGER)))
                .isEqualTo("null:INTEGER INTEGER");
        assertThat(masked(new Custom("id"), text("VARCHAR(20)"))).isEqualTo("null:VARCHAR VARCHAR");
    }

    @Test
    void aCustomMaskIsItsExpressionInTheColumnsTypeAndNullForNull() {
        Custom custom = new Custom("over the row");
        RexNode column = BUILDER.makeInputRef(TYPES.createSqlType(SqlTypeName.BIGINT), 0);
        RexNode small = BUILDER.makeInputRef(TYPES.createSqlType(SqlTypeName.INTEGER), 1);
        RexNode text = BUILDER.makeInputRef(text("VARCHAR(4)"), 2);

        assertThat(custom.over(BUILDER, column, small).toString())
                .isEqualTo("CASE(IS NULL($0), null:BIGINT, CAST($1):BIGINT NOT NULL)");
        assertThat(custom.over(BUILDER, column, small).getType().isNullable()).isTrue();
        assertThat(custom.over(BUILDER, text, BUILDER.makeCall(SqlStdOperatorTable.UPPER, text))
                        .toString())
                .isEqualTo("CASE(IS NULL($2), null:VARCHAR, CAST(UPPER($2)):VARCHAR NOT NULL)");
        // The expression's type was found wrong when the policy was read; a changed table must show nothing.
        assertThat(custom.over(BUILDER, column, text).toString()).isEqualTo("null:BIGINT");
    }

    @Test
    void taggedColumnsAreMaskedByWhatTheyAre() {
        RelDataType text = text("VARCHAR(20)");

        assertThat(Masks.entityDefault(Set.of("EMAIL"), text)).isEqualTo(new Redact("***"));
        assertThat(Masks.entityDefault(Set.of("SALARY"), TYPES.createSqlType(SqlTypeName.INTEGER)))
                .isEqualTo(new Nullify());
        assertThat(Masks.entityDefault(Set.of("FREE_TEXT"), text)).isEqualTo(new RedactText(List.of()));
        assertThat(Masks.entityDefault(Set.of("FREE_TEXT"), TYPES.createSqlType(SqlTypeName.VARBINARY)))
                .isEqualTo(new Nullify());
        // Text that is also an entity as a whole is none to read.
        assertThat(Masks.entityDefault(Set.of("FREE_TEXT", "EMAIL"), text)).isEqualTo(new Redact("***"));
    }

    private static Object parameter(SqlTypeName type, String value) {
        if (type == SqlTypeName.BOOLEAN) {
            return Boolean.valueOf(value);
        } else if (value.contains(":") || value.indexOf('-', 1) > 0) {
            return value;
        }
        return value.contains(".") ? (Object) number(value) : (Object) Long.valueOf(value);
    }

    private static RexNode apply(Mask mask, RelDataType type) {
        return mask.apply(BUILDER, BUILDER.makeInputRef(type, 0));
    }

    private static RexCall call(Mask mask, RelDataType type) {
        return (RexCall) apply(mask, type);
    }

    private static String masked(Mask mask, RelDataType type) {
        RexNode node = apply(mask, type);
        return node + " " + node.getType() + (node.getType().isNullable() ? "" : " NOT NULL");
    }

    private static List<BigDecimal> numbers(RexCall call) {
        return call.getOperands().stream()
                .filter(RexLiteral.class::isInstance)
                .map(literal -> ((RexLiteral) literal).getValueAs(BigDecimal.class))
                .toList();
    }

    private static List<Integer> pads(RexCall call) {
        return call.getOperands().stream()
                .filter(RexDynamicParam.class::isInstance)
                .map(pad -> ((RexDynamicParam) pad).getIndex())
                .toList();
    }

    private static BigDecimal number(String text) {
        return new BigDecimal(text);
    }

    private static RelDataType nullable(RelDataType type) {
        return TYPES.createTypeWithNullability(type, true);
    }

    /** CHAR(n), VARCHAR(n) or VARCHAR, never NULL. */
    private static RelDataType text(String written) {
        String[] parts = written.split("[()]");
        SqlTypeName name = SqlTypeName.valueOf(parts[0]);
        return parts.length == 1 ? TYPES.createSqlType(name) : TYPES.createSqlType(name, Integer.parseInt(parts[1]));
    }
}
