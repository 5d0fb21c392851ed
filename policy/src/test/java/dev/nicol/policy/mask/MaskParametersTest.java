package dev.nicol.policy.mask;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.policy.PolicyReader;
import dev.nicol.policy.Problem;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.classify.TextEntities;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystem;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What policy files may say of masks, what becomes of it, and which columns it fits. */
class MaskParametersTest {
    private static final RelDataTypeFactory TYPES = new SqlTypeFactoryImpl(RelDataTypeSystem.DEFAULT);

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{kind: tokenize} | {kind: tokenize, length: 16}",
                "{kind: tokenize, length: 64} | {kind: tokenize, length: 64}",
                "{kind: constant, value: \"it's\"} | {kind: constant, value: 'it''s'}",
                "{kind: constant, value: -1.50} | {kind: constant, value: -1.50}",
                "{kind: constant, value: false} | {kind: constant, value: false}",
                "{kind: bucket, size: 1_000} | {kind: bucket, size: 1000}",
                "{kind: bucket, size: 0.250} | {kind: bucket, size: 0.25}",
                "{kind: date_part, part: quarter} | {kind: date_part, part: quarter}",
                "{kind: redact_text} | {kind: redact_text}",
                "{kind: redact_text, entities: [PHONE, EMAIL]} | {kind: redact_text, entities: [EMAIL, PHONE]}",
                "{kind: custom, sql: \"UPPER(name)\"} | {kind: custom, sql: 'UPPER(name)'}",
            })
    void masksAreWrittenAsTheyAreRead(String mask, String written) throws IOException {
        write(mask);
        assertThat(PolicyReader.read(directory).maskRules())
                .singleElement()
                .extracting(rule -> rule.mask().toString())
                .isEqualTo(written);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{kind: tokenize, length: 7} | mask `tokenize`: `length` must be a whole number from 8 to 64",
                "{kind: tokenize, length: 65} | mask `tokenize`: `length` must be a whole number from 0 to 64",
                "{kind: constant} | mask `constant`: `value` is missing — write what every value is to become",
                "{kind: constant, value: [1]} | `value` must be a single value, not a list",
                "{kind: bucket} | mask `bucket`: `size` must be a number, such as `size: 1000`",
                "{kind: bucket, size: big} | mask `bucket`: `size` must be a number, such as `size: 1000`",
                "{kind: bucket, size: 0} | mask `bucket`: `size` must be above 0 and at most 10^18",
                "{kind: bucket, size: -5} | mask `bucket`: `size` must be above 0 and at most 10^18",
                "{kind: date_part, part: week} | mask `date_part`: `part` must be one of year, quarter, month, day",
                "{kind: date_part} | mask `date_part`: `part` must be one of year, quarter, month, day",
                "{kind: custom} | mask `custom`: `sql` is missing — write an expression over the row, in quotes",
                "{kind: custom, sql: \" \"} | mask `custom`: `sql` must have from 1 to 10000 characters",
                "{kind: custom, sqll: x} | unknown key `sqll` — did you mean `sql`?",
            })
    void mistakesAreToldWithTheirLine(String mask, String problem) throws IOException {
        write(mask);
        assertThat(problems()).contains("2: " + problem);
    }

    @Test
    void anUnknownEntityIsTold() throws IOException {
        write("{kind: redact_text, entities: [EMAIL, SHOE_SIZE]}");
        assertThat(problems()).singleElement().asString().contains("unknown entity `SHOE_SIZE`", "CREDIT_CARD");
        write("{kind: redact_text, entities: []}");
        assertThat(problems()).singleElement().asString().contains("`entities` is an empty list");
    }

    /** The mask has a list of its own, so that masks need not know classification. */
    @Test
    void theEntitiesAreThoseThatAreFoundInText() {
        assertThat(RedactText.ENTITIES).isEqualTo(TextEntities.ENTITIES);
    }

    @Test
    void masksSayWhichColumnsTheyDoNotFit() {
        assertThat(new Tokenize(16).misfit(type(SqlTypeName.DATE))).contains("`tokenize`", "`DATE`");
        assertThat(new Tokenize(16).misfit(decimal(20, 0))).isNull();
        assertThat(new Tokenize(16).misfit(decimal(10, 2))).contains("whole numbers");
        assertThat(new Bucket(number("0.5")).misfit(type(SqlTypeName.INTEGER))).contains("`size` 0.5", "INTEGER");
        assertThat(new Bucket(number("0.5")).misfit(decimal(10, 2))).isNull();
        assertThat(new Bucket(number("0.005")).misfit(decimal(10, 2))).contains("`size` 0.005");
        assertThat(new Bucket(number("40000")).misfit(type(SqlTypeName.SMALLINT)))
                .contains("`size` 40000");
        assertThat(new Bucket(number("10")).misfit(type(SqlTypeName.VARCHAR))).contains("masks numbers");
        assertThat(new Bucket(number("0.005")).misfit(type(SqlTypeName.DOUBLE))).isNull();
        assertThat(new DatePart(DatePart.Part.DAY).misfit(type(SqlTypeName.TIME)))
                .contains("`date_part`", "`TIME`");
        assertThat(new DatePart(DatePart.Part.DAY).misfit(type(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE)))
                .isNull();
        assertThat(new RedactText(List.of()).misfit(type(SqlTypeName.INTEGER))).contains("`redact_text`");
        assertThat(Custom.misfit(type(SqlTypeName.INTEGER), type(SqlTypeName.VARCHAR)))
                .isEqualTo("the expression is `VARCHAR`, and the column is `INTEGER`");
        assertThat(Custom.misfit(type(SqlTypeName.INTEGER), type(SqlTypeName.BIGINT)))
                .isNull();
        assertThat(Custom.misfit(type(SqlTypeName.VARCHAR), type(SqlTypeName.CHAR)))
                .isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "INTEGER, 5, true",
        "INTEGER, 2147483648, false",
        "TINYINT, 127, true",
        "TINYINT, 128, false",
        "INTEGER, 5.5, false",
        "INTEGER, '\"5\"', false",
        "VARCHAR, '\"5\"', true",
        "VARCHAR, 5, false",
        "DOUBLE, 5.5, true",
        "BOOLEAN, true, true",
        "BOOLEAN, '\"true\"', false",
        "DATE, '\"2024-02-29\"', true",
        "DATE, '\"2023-02-29\"', false",
        "DATE, '\"yesterday\"', false",
        "TIMESTAMP, '\"2024-02-29 23:59:59\"', true",
        "TIMESTAMP, '\"2024-02-29 23:59:59.120\"', true",
        "TIMESTAMP, '\"2024-02-29\"', false",
        "TIME, '\"23:59\"', true",
        "TIME, '\"24:00\"', false",
        "UUID, '\"6f1c2f0e-5a0a-4f5b-9a3e-0c7c1d2e3f40\"', true",
        "UUID, '\"6f1c\"', false",
        "VARBINARY, '\"x\"', false"
    })
    void aConstantIsAValueOfTheColumnsType(SqlTypeName type, String value, boolean fits) throws IOException {
        write("{kind: constant, value: " + value + "}");
        Mask mask = PolicyReader.read(directory).maskRules().get(0).mask();

        RelDataType column = TYPES.createTypeWithNullability(type(type), true);
        assertThat(mask.misfit(column) == null).isEqualTo(fits);
        RexBuilder builder = new RexBuilder(TYPES);
        assertThat(mask.apply(builder, builder.makeInputRef(column, 0))
                        .getType()
                        .getSqlTypeName())
                .isEqualTo(type);
    }

    @Test
    void aDecimalConstantHasTheColumnsDigits() {
        assertThat(new Constant(5L).misfit(decimal(4, 2))).isNull();
        assertThat(new Constant(number("99.99")).misfit(decimal(4, 2))).isNull();
        assertThat(new Constant(100L).misfit(decimal(4, 2))).contains("100");
        assertThat(new Constant(number("0.001")).misfit(decimal(4, 2))).contains("0.001");
    }

    @Test
    void whatAMaskShowsIsKnownAgain() {
        assertThat(new Tokenize(16).sentinel("0cf19c8f102ecc62")).isTrue();
        assertThat(new Tokenize(16).sentinel("0cf19c8f102ecc6g")).isFalse();
        assertThat(new Tokenize(16).sentinel("cafe")).isFalse();
        assertThat(new Constant("n/a").sentinel("n/a")).isTrue();
        assertThat(new Constant(number("1.50")).sentinel("1.50")).isTrue();
        assertThat(new Constant(5L).sentinel("50")).isFalse();
        assertThat(new RedactText(List.of()).sentinel("write to [EMAIL]")).isTrue();
        assertThat(new RedactText(List.of("PHONE")).sentinel("write to [EMAIL]"))
                .isFalse();
    }

    private void write(String mask) throws IOException {
        Files.writeString(
                directory.resolve("p.yaml"),
                "column_masks:\n  - {name: m, columns: [\"a.b.c.d\"], mask: " + mask + "}\n");
    }

    private List<String> problems() {
        try {
            PolicyReader.read(directory);
            return List.of();
        } catch (ProblemsException failure) {
            return failure.problems().stream()
                    .map(Problem::toString)
                    .map(text -> text.substring(text.indexOf("p.yaml:") + "p.yaml:".length()))
                    .toList();
        }
    }

    private static RelDataType type(SqlTypeName name) {
        return TYPES.createSqlType(name);
    }

    private static RelDataType decimal(int precision, int scale) {
        return TYPES.createSqlType(SqlTypeName.DECIMAL, precision, scale);
    }

    private static java.math.BigDecimal number(String text) {
        return new java.math.BigDecimal(text);
    }
}
