package dev.nicol.adapters.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import org.apache.calcite.avatica.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What masks give, by hand; {@link MaskChecksTest} compares every source with it. */
class MaskValuesTest {
    private static final ByteString INNER = pad('6');
    private static final ByteString OUTER = pad('\\');
    private static final long NARROW = Integer.MAX_VALUE;
    private static final long WIDE = Long.MAX_VALUE;

    private static ByteString pad(char with) {
        byte[] pad = new byte[64];
        Arrays.fill(pad, (byte) with);
        return new ByteString(pad);
    }

    @Test
    void partialCountsCharacters() {
        assertThat(MaskValues.partial("123-45-6789", 0, 4, "*")).isEqualTo("*******6789");
        assertThat(MaskValues.partial("😀é日本👍", 1, 1, "#")).isEqualTo("😀###👍");
        assertThat(MaskValues.partial("abcd", 2, 2, "*")).isEqualTo("****");
        assertThat(MaskValues.partial("", 0, 4, "*")).isEmpty();
        assertThat(MaskValues.partial(null, 0, 4, "*")).isNull();
    }

    /** HMAC-SHA256 over a key of zeros, computed with Python's hmac. */
    @Test
    void tokensAreTruncatedHmac() {
        assertThat(MaskValues.token("alice@example.com", INNER, OUTER, 32))
                .isEqualTo("0cf19c8f102ecc62b033b451c1d7cbe4");
        assertThat(MaskValues.tokenOfLong(7L, INNER, OUTER, NARROW, WIDE)).isEqualTo(1469379318L);
        assertThat(MaskValues.tokenOfLong(7L, INNER, OUTER, NARROW, NARROW)).isEqualTo(1469379318L);
        assertThat(MaskValues.tokenOfLong(-2147483648L, INNER, OUTER, NARROW, WIDE))
                .isEqualTo(749736076L);
        assertThat(MaskValues.tokenOfLong(5_000_000_000L, INNER, OUTER, NARROW, WIDE))
                .isEqualTo(4737919377281629723L);
        assertThat(MaskValues.tokenOfLong(Long.MIN_VALUE, INNER, OUTER, NARROW, WIDE))
                .isEqualTo(3330499316294483886L);
        assertThat(MaskValues.tokenOfLong(32767L, INNER, OUTER, 32767, 32767)).isEqualTo(28442L);
        assertThat(MaskValues.tokenOfDecimal(new BigDecimal("7"), INNER, OUTER, NARROW, WIDE))
                .isEqualTo("1469379318");
        assertThat(MaskValues.tokenOfDecimal(new BigDecimal("123456789012345678901"), INNER, OUTER, NARROW, WIDE))
                .isEqualTo("1204674371169705687");
        assertThat(MaskValues.tokenOfLong(null, INNER, OUTER, NARROW, WIDE)).isNull();
    }

    @Test
    void bucketsBeginAtMultiplesTowardsMinusInfinity() {
        assertThat(MaskValues.bucketOfLong(19L, 10, -32760, -32768)).isEqualTo(10);
        assertThat(MaskValues.bucketOfLong(-1L, 10, -32760, -32768)).isEqualTo(-10);
        assertThat(MaskValues.bucketOfLong(-10L, 10, -32760, -32768)).isEqualTo(-10);
        assertThat(MaskValues.bucketOfLong(-32760L, 10, -32760, -32768)).isEqualTo(-32760);
        assertThat(MaskValues.bucketOfLong(-32761L, 10, -32760, -32768)).isEqualTo(-32768);
        assertThat(bucket("-12.51", "2.50")).isEqualTo("-15.00");
        assertThat(bucket("12.49", "2.50")).isEqualTo("10.00");
        assertThat(bucket("-99.99", "2.50")).isEqualTo("-99.99");
        assertThat(MaskValues.bucketOfDouble(-0.5, 2.5, 1e15, 1e15)).isEqualTo(-2.5);
        assertThat(MaskValues.bucketOfDouble(-0.0, 2.5, 1e15, 1e15)).isEqualTo(0.0);
        assertThat(MaskValues.bucketOfDouble(1e300, 2.5, 1e15, 1e15)).isNull();
        assertThat(MaskValues.bucketOfDouble(Double.NaN, 2.5, 1e15, 1e15)).isNull();
    }

    private static String bucket(String value, String size) {
        BigDecimal bucket = MaskValues.bucketOfDecimal(
                new BigDecimal(value), new BigDecimal(size), new BigDecimal("-97.50"), new BigDecimal("-99.99"));
        return String.valueOf(bucket);
    }

    @ParameterizedTest
    @CsvSource({
        "1969-12-31, year, 1969-01-01",
        "1969-12-31, quarter, 1969-10-01",
        "2024-02-29, quarter, 2024-01-01",
        "2024-02-29, month, 2024-02-01",
        "0900-11-30, month, 0900-11-01",
        "1500-03-01, day, 1500-03-01"
    })
    void datesAreTruncated(LocalDate date, String part, LocalDate start) {
        assertThat(MaskValues.startOfDate((int) date.toEpochDay(), part)).isEqualTo((int) start.toEpochDay());
        LocalDateTime late = date.atTime(23, 59, 59, 999_000_000);
        assertThat(MaskValues.startOfTimestamp(late.toInstant(ZoneOffset.UTC).toEpochMilli(), part))
                .isEqualTo(start.atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli());
    }

    @Test
    void entitiesAreTakenOutOfText() {
        String text =
                "ann@example.com pays 4111 1111 1111 1111 from DE89 3704 0044 0532 0130 00, not 4111 1111 1111 1112";
        assertThat(MaskValues.redactText(text, ""))
                .startsWith("[EMAIL] pays [CREDIT_CARD] from [IBAN], not ")
                .doesNotContain("ann", "4111 1111 1111 1111", "DE89");
        assertThat(MaskValues.redactText(text, "EMAIL,IBAN"))
                .isEqualTo("[EMAIL] pays 4111 1111 1111 1111 from [IBAN], not 4111 1111 1111 1112");
        assertThat(MaskValues.redactText(null, "")).isNull();
    }
}
