package dev.nicol.policy.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystem;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The last value that is allowed and the first that is not, of everything a mask takes; and what it shows, known again. */
class MaskLimitsTest {
    private static final RelDataTypeFactory TYPES = new SqlTypeFactoryImpl(RelDataTypeSystem.DEFAULT);

    /** Two UTF-16 units, one character. */
    private static final String LOCK = "🔒";

    @Test
    void textIsMeasuredInCharacters() {
        assertThat(new Redact(LOCK.repeat(1000)).with()).hasSize(2000);
        assertThatThrownBy(() -> new Redact("x".repeat(1001))).hasMessage("`with` must have from 1 to 1000 characters");
        assertThatThrownBy(() -> new Redact("")).hasMessage("`with` must have from 1 to 1000 characters");
        assertThat(new Constant(LOCK.repeat(1000)).value()).isEqualTo(LOCK.repeat(1000));
        assertThatThrownBy(() -> new Constant("x".repeat(1001)))
                .hasMessage("`value` must have at most 1000 characters");
        assertThatThrownBy(() -> new Constant(5)).hasMessage("`value` must be a text, number or boolean");
        assertThat(new Custom("x".repeat(10_000)).sql()).hasSize(10_000);
        assertThatThrownBy(() -> new Custom("x".repeat(10_001)))
                .hasMessage("`sql` must have from 1 to 10000 characters");
    }

    @Test
    void countsEndWhereTheyAreSaidToEnd() {
        String shown = "`first` and `last` must be whole numbers from 0 to 1000";
        assertThat(new Partial(1000, 1000, LOCK).first()).isEqualTo(1000);
        assertThatThrownBy(() -> new Partial(1001, 0, "*")).hasMessage(shown);
        assertThatThrownBy(() -> new Partial(0, 1001, "*")).hasMessage(shown);
        assertThatThrownBy(() -> new Partial(-1, 0, "*")).hasMessage(shown);
        assertThatThrownBy(() -> new Partial(0, -1, "*")).hasMessage(shown);
        assertThat(new Tokenize(8).length()).isEqualTo(8);
        assertThat(new Tokenize(64).length()).isEqualTo(64);
        assertThatThrownBy(() -> new Tokenize(7)).hasMessage("`length` must be a whole number from 8 to 64");
        assertThatThrownBy(() -> new Tokenize(65)).hasMessage("`length` must be a whole number from 8 to 64");
    }

    @Test
    void sizesAreAboveZeroAndHoldInTheirColumn() {
        assertThat(new Bucket(BigDecimal.TEN.pow(18)).size()).isEqualTo(BigDecimal.TEN.pow(18));
        assertThatThrownBy(() -> new Bucket(BigDecimal.TEN.pow(18).add(BigDecimal.ONE)))
                .hasMessage("`size` must be above 0 and at most 10^18");
        assertThat(new Bucket(new BigDecimal("1E+3")).size()).isEqualTo(new BigDecimal("1000"));
        assertThat(new Bucket(new BigDecimal("7")).size()).isEqualTo(new BigDecimal("7"));
        assertThat(new Bucket(new BigDecimal("128")).misfit(TYPES.createSqlType(SqlTypeName.TINYINT)))
                .isNull();
        assertThat(new Bucket(new BigDecimal("129")).misfit(TYPES.createSqlType(SqlTypeName.TINYINT)))
                .isEqualTo("`size` 129 is no value of the column's type `TINYINT`");
    }

    @ParameterizedTest
    @CsvSource({
        "TINYINT, -128, -129",
        "SMALLINT, 32767, 32768",
        "SMALLINT, -32768, -32769",
        "INTEGER, 2147483647, 2147483648",
        "INTEGER, -2147483648, -2147483649",
    })
    void aConstantIsInTheTypesRange(SqlTypeName name, long last, long beyond) {
        RelDataType type = TYPES.createSqlType(name);

        assertThat(new Constant(last).misfit(type)).isNull();
        assertThat(new Constant(beyond).misfit(type))
                .isEqualTo("`value` " + beyond + " is no value of the column's type `" + name + "`");
    }

    @ParameterizedTest
    @CsvSource({"0001-01-01, true", "0000-12-31, false", "9999-12-31, true", "+10000-01-01, false"})
    void aConstantsDateIsOneThatSqlCanWrite(String date, boolean fits) {
        assertThat(new Constant(date).misfit(TYPES.createSqlType(SqlTypeName.DATE)) == null)
                .isEqualTo(fits);
        assertThat(new Constant(date + "T00:00").misfit(TYPES.createSqlType(SqlTypeName.TIMESTAMP)) == null)
                .isEqualTo(fits);
    }

    @ParameterizedTest
    @CsvSource({
        // column, expression, whether the one can stand for the other
        "VARCHAR, CHAR, true",
        "CHAR, VARCHAR, true",
        "VARCHAR, INTEGER, false",
        "INTEGER, BIGINT, true",
        "DECIMAL, INTEGER, true",
        "INTEGER, DOUBLE, false",
        "DOUBLE, INTEGER, true",
        "DOUBLE, REAL, true",
        "DOUBLE, VARCHAR, false",
        "DATE, DATE, true",
        "DATE, TIMESTAMP, false",
        "DATE, NULL, true",
        "BOOLEAN, BOOLEAN, true",
        "BOOLEAN, INTEGER, false",
    })
    void aCustomExpressionHasTheColumnsKindOfType(SqlTypeName column, SqlTypeName expression, boolean fits) {
        RelDataType type = TYPES.createSqlType(column);

        assertThat(Custom.misfit(type, TYPES.createSqlType(expression)) == null).isEqualTo(fits);
        assertThat(new Custom("x").misfit(type)).isNull();
    }

    @Test
    void everyMaskSaysItsKindAndHowItIsWritten() {
        assertThat(List.of(
                        new Redact("it's"),
                        new Partial(1, 2, "'"),
                        new Hash(),
                        new Tokenize(16),
                        new Nullify(),
                        new Constant("x"),
                        new Bucket(BigDecimal.TEN),
                        new DatePart(DatePart.Part.DAY),
                        new RedactText(List.of()),
                        new Custom("'x'")))
                .extracting(mask -> mask.kind() + " " + mask)
                .containsExactly(
                        "redact {kind: redact, with: 'it''s'}",
                        "partial {kind: partial, first: 1, last: 2, with: ''''}",
                        "hash {kind: hash}",
                        "tokenize {kind: tokenize, length: 16}",
                        "null {kind: 'null'}",
                        "constant {kind: constant, value: 'x'}",
                        "bucket {kind: bucket, size: 10}",
                        "date_part {kind: date_part, part: day}",
                        "redact_text {kind: redact_text}",
                        "custom {kind: custom, sql: '''x'''}");
    }

    @ParameterizedTest
    @CsvSource({
        // one character first, two last
        "a**bc, true",
        "a*bc, true",
        "***, true",
        "**, true",
        "a*xbc, false",
        "ax*bc, false",
        "abcd, false",
        "abc, false",
        "a**, false",
        "'', false",
    })
    void aPartsValueIsKnownAgain(String value, boolean known) {
        assertThat(new Partial(1, 2, "*").sentinel(value)).isEqualTo(known);
        assertThat(new Partial(1, 2, LOCK).sentinel(value.replace("*", LOCK))).isEqualTo(known);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0123456789abcdef", "00000000ffffffff"})
    void hexDigitsAreKnownAgain(String digits) {
        assertThat(new Hash().sentinel(digits.repeat(4))).isTrue();
        assertThat(new Hash().sentinel(digits.repeat(4) + "0")).isFalse();
        assertThat(new Hash().sentinel(digits.repeat(4).replace('f', 'g'))).isFalse();
        assertThat(new Hash().sentinel(digits)).isFalse();
        assertThat(new Tokenize(16).sentinel(digits)).isTrue();
        assertThat(new Tokenize(16).sentinel(digits.toUpperCase(java.util.Locale.ROOT)))
                .isFalse();
    }

    /** What looks like any other value cannot be told from it. */
    @Test
    void onlyWhatLooksLikeAMaskIsKnownAgain() {
        assertThat(new Redact("***").sentinel("***")).isTrue();
        assertThat(new Redact("***").sentinel("**")).isFalse();
        assertThat(new Constant(new BigDecimal("1E+2")).sentinel("100")).isTrue();
        for (Mask mask : List.of(
                new Nullify(), new Bucket(BigDecimal.TEN), new DatePart(DatePart.Part.DAY), new Custom("'x'"))) {
            assertThat(mask.sentinel("x")).isFalse();
        }
    }
}
