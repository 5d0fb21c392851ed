package dev.nicol.server.differential;

import dev.nicol.server.differential.Fixture.Row;
import dev.nicol.server.differential.Fixture.Type;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.sql.Date;
import java.time.LocalDate;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A mask as a policy file writes it, and what it makes of a value that is not NULL, computed here once more.
 *
 * @param table the only table whose columns it fits; null for all
 * @param longest characters of its longest result; 0 where it keeps a value's length
 */
record KnownMask(
        String yaml,
        @Nullable String table,
        Set<Type> fits,
        int longest,
        BiFunction<Object, Row, @Nullable Object> expected) {
    private static final Set<Type> TEXT = EnumSet.of(Type.TEXT);

    /** Of what can be longer than any column. */
    private static final int ANY_LENGTH = 1_000;

    private static KnownMask text(String yaml, int longest, UnaryOperator<String> expected) {
        return new KnownMask(yaml, null, TEXT, longest, (value, row) -> expected.apply(value.toString()));
    }

    private static KnownMask of(Type type, String yaml, UnaryOperator<Object> expected) {
        return new KnownMask(yaml, null, EnumSet.of(type), 0, (value, row) -> expected.apply(value));
    }

    /** An expression over the row as it is stored, of which the reader may see other columns not at all. */
    private static KnownMask custom(
            String table, Type type, String sql, BiFunction<Object, Row, @Nullable Object> expected) {
        return new KnownMask("{kind: custom, sql: \"" + sql + "\"}", table, EnumSet.of(type), ANY_LENGTH, expected);
    }

    /** Every mask that the differential test knows. Another one is another line. */
    static List<KnownMask> all(byte[] key) {
        return Stream.concat(texts(key), others(key)).toList();
    }

    private static Stream<KnownMask> texts(byte[] key) {
        return Stream.of(
                text("{kind: redact}", 0, value -> "***"),
                text("{kind: redact, with: '12'}", 0, value -> "12"),
                text("{kind: redact, with: 'IT''S MORE THAN TEN'}", 18, value -> "IT'S MORE THAN TEN"),
                text("{kind: partial, last: 2}", 0, value -> partial(value, 0, 2, "*")),
                text("{kind: partial, first: 1, last: 1, with: '#'}", 0, value -> partial(value, 1, 1, "#")),
                text("{kind: partial, first: 1, last: 0, with: '0'}", 0, value -> partial(value, 1, 0, "0")),
                text("{kind: hash}", 64, value -> HexFormat.of().formatHex(keyed(value, key))),
                text("{kind: tokenize}", 16, value -> HexFormat.of()
                        .formatHex(keyed(value, key))
                        .substring(0, 16)),
                text("{kind: constant, value: 'O''NE'}", 0, value -> "O'NE"),
                text("{kind: redact_text, entities: [EMAIL, IP]}", ANY_LENGTH, value -> value.replaceAll(
                                "[A-Z]+@[A-Z]+[.]COM", "[EMAIL]")
                        .replaceAll("\\d+[.]\\d+[.]\\d+[.]\\d+", "[IP]")),
                custom(
                        "people",
                        Type.TEXT,
                        "COALESCE(region, 'NONE') || CAST(id AS VARCHAR(10))",
                        (value, row) -> (row.text("region") == null ? "NONE" : row.text("region")) + row.integer("id")),
                custom(
                        "orders",
                        Type.TEXT,
                        "CASE WHEN qty > 2 THEN region END",
                        (value, row) ->
                                row.integer("qty") != null && row.integer("qty") > 2 ? row.text("region") : null));
    }

    private static Stream<KnownMask> others(byte[] key) {
        return Stream.of(
                new KnownMask("{kind: 'null'}", null, EnumSet.allOf(Type.class), 0, (value, row) -> null),
                // of the first eight bytes the low 31 bits: an INTEGER's
                of(
                        Type.INTEGER,
                        "{kind: tokenize}",
                        value -> ByteBuffer.wrap(keyed(value.toString(), key)).getInt(4) & Integer.MAX_VALUE),
                of(Type.INTEGER, "{kind: constant, value: 2}", value -> 2),
                of(Type.INTEGER, "{kind: bucket, size: 3}", value -> Math.floorDiv((Integer) value, 3) * 3),
                of(Type.DECIMAL, "{kind: constant, value: 10.5}", value -> new BigDecimal("10.50")),
                of(Type.DECIMAL, "{kind: bucket, size: 2.5}", value -> ((BigDecimal) value)
                        .divide(new BigDecimal("2.5"), 0, RoundingMode.FLOOR)
                        .multiply(new BigDecimal("2.5"))
                        .setScale(2)),
                of(Type.DATE, "{kind: constant, value: '1999-12-31'}", value -> Date.valueOf("1999-12-31")),
                of(Type.DATE, "{kind: date_part, part: year}", value -> start(value, 12)),
                of(Type.DATE, "{kind: date_part, part: quarter}", value -> start(value, 3)),
                of(Type.DATE, "{kind: date_part, part: month}", value -> start(value, 1)),
                custom("people", Type.INTEGER, "id * 10 + 1", (value, row) -> row.integer("id") * 10 + 1),
                custom(
                        "people",
                        Type.DATE,
                        "CASE WHEN boss IS NULL THEN DATE '1990-01-31' ELSE born END",
                        (value, row) -> row.value("boss") == null ? Date.valueOf("1990-01-31") : row.value("born")),
                custom("orders", Type.DECIMAL, "COALESCE(amount, 0) + 1", (value, row) -> ((BigDecimal) value)
                        .add(BigDecimal.ONE)),
                custom(
                        "tags",
                        Type.INTEGER,
                        "COALESCE(weight, person)",
                        (value, row) -> row.value("weight") == null ? row.value("person") : row.value("weight")));
    }

    boolean fits(String inTable, Type type) {
        return fits.contains(type) && (table == null || table.equals(inTable));
    }

    /** Whether it makes numbers so large that sums of them may not be INTEGERs. */
    boolean large() {
        return yaml.equals("{kind: tokenize}") && fits.contains(Type.INTEGER);
    }

    /** @param row as it is stored */
    @Nullable
    Object of(@Nullable Object raw, Row row) {
        return raw == null ? null : expected.apply(raw, row);
    }

    private static Date start(Object date, int months) {
        LocalDate day = LocalDate.parse(date.toString());
        return Date.valueOf(LocalDate.of(day.getYear(), 1 + (day.getMonthValue() - 1) / months * months, 1));
    }

    private static String partial(String value, int first, int last, String with) {
        int[] characters = value.codePoints().toArray();
        StringBuilder masked = new StringBuilder();
        boolean whole = characters.length <= first + last;
        for (int i = 0; i < characters.length; i++) {
            if (!whole && (i < first || i >= characters.length - last)) {
                masked.appendCodePoint(characters[i]);
            } else {
                masked.append(with);
            }
        }
        return masked.toString();
    }

    private static byte[] keyed(String value, byte[] key) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(value.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException failure) {
            throw new IllegalStateException(failure);
        }
    }
}
