package dev.nicol.server.wire;

import dev.nicol.policy.NicolError;
import java.math.BigDecimal;
import java.util.Arrays;
import org.apache.calcite.avatica.proto.Common.Rep;

/**
 * The rows of one frame, written value by value into the bytes that the client gets. One instance for one frame: its bytes
 * are on their way to a client when the next frame is written.
 *
 * <p>INVARIANT: the stock driver reads back the same value, or {@link NicolError#NOT_SUPPORTED} is thrown; never another.
 */
abstract class FrameWriter {
    /** Bytes of the longest number that {@link #decimalDigits} writes: 18 digits, sign, point, a zero before it, 6 after. */
    private static final int SCRATCH_BYTES = 32;

    private static final int MAX_LONG_DIGITS = 18;

    /** What {@code BigDecimal.toString} still writes without an exponent. */
    private static final int LEAST_ADJUSTED_EXPONENT = -6;

    private static final int DECIMAL_BASE = 10;

    /** What the trail counts for a number, a date or a time. */
    private static final int NUMBER_BYTES = 8;

    protected byte[] bytes;
    protected int length;
    /** How many arrays are open around the next value. */
    protected int depth;

    private final byte[] scratch = new byte[SCRATCH_BYTES];
    private long counted;

    FrameWriter(int capacity) {
        bytes = new byte[capacity];
    }

    static FrameWriter of(WireFormat format, int capacity) {
        return switch (format) {
            case JSON -> new JsonFrameWriter(capacity);
            case PROTOBUF -> new ProtobufFrameWriter(capacity);
        };
    }

    abstract void beginRow();

    abstract void endRow();

    abstract void nothing();

    abstract void bool(boolean value);

    /** @param rep what it is over protobuf */
    abstract void whole(long value, Rep rep);

    abstract void real(float value);

    abstract void floating(double value);

    abstract void decimal(BigDecimal value);

    abstract void text(String value);

    abstract void binary(byte[] value);

    /** Its elements follow, then {@link #endArray}. */
    abstract void beginArray(Rep elements);

    abstract void endArray();

    /** After the last of {@code count} rows. */
    abstract EncodedFrame frame(long offset, boolean done, int count);

    /** Bytes written so far. */
    final int length() {
        return length;
    }

    /**
     * Bytes of the values so far as the trail counts them, whatever the format: text in UTF-8, a number eight, a decimal
     * its digits and two, an array its elements, NULL and a truth value one.
     */
    final long counted() {
        return counted;
    }

    protected final void count(long valueBytes) {
        counted += valueBytes;
    }

    protected final void countNumber() {
        counted += NUMBER_BYTES;
    }

    protected final void countDecimal(BigDecimal value) {
        counted += value.precision() + 2L;
    }

    protected final void room(int more) {
        if (bytes.length - length < more) {
            long wanted = Math.max(2L * bytes.length, (long) length + more);
            if ((long) length + more > Integer.MAX_VALUE - NUMBER_BYTES) {
                throw NicolError.OUT_OF_BUDGET.because("One row of the answer is larger than 2 GiB.");
            }
            bytes = Arrays.copyOf(bytes, (int) Math.min(wanted, Integer.MAX_VALUE - NUMBER_BYTES));
        }
    }

    /** Characters that all are ASCII. */
    protected final void ascii(String plain) {
        int size = plain.length();
        room(size);
        for (int i = 0; i < size; i++) {
            bytes[length + i] = (byte) plain.charAt(i);
        }
        length += size;
    }

    /** Bytes of {@code text} in UTF-8. */
    protected static int utf8Length(String text) {
        int size = text.length();
        int more = 0;
        for (int i = 0; i < size; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                more += c < 0x800 ? 1 : 2;
                if (Character.isSurrogate(c)) {
                    more--; // a pair, which is two characters here, has four bytes
                }
            }
        }
        return size + more;
    }

    /** Writes the character at {@code i}, which is none of ASCII, where there is room for it; the index of its last char. */
    protected final int beyondAscii(String text, int i) {
        char c = text.charAt(i);
        if (c < 0x800) {
            bytes[length++] = (byte) (0xC0 | c >> 6);
        } else if (!Character.isSurrogate(c)) {
            bytes[length++] = (byte) (0xE0 | c >> 12);
            bytes[length++] = (byte) (0x80 | c >> 6 & 0x3F);
        } else {
            int point = pair(text, i);
            bytes[length++] = (byte) (0xF0 | point >> 18);
            bytes[length++] = (byte) (0x80 | point >> 12 & 0x3F);
            bytes[length++] = (byte) (0x80 | point >> 6 & 0x3F);
            bytes[length++] = (byte) (0x80 | point & 0x3F);
            return i + 1;
        }
        bytes[length++] = (byte) (0x80 | c & 0x3F);
        return i;
    }

    private static int pair(String text, int i) {
        int point = text.codePointAt(i);
        if (!Character.isSupplementaryCodePoint(point)) {
            throw NicolError.NOT_SUPPORTED.because(
                    "The answer holds text with one half of a character (a surrogate without"
                            + " the other), which is no Unicode and cannot be sent.");
        }
        return point;
    }

    /** Writes a number where there is room for 20 bytes. */
    protected final void digits(long value) {
        if (value >= 0 && value < DECIMAL_BASE) {
            bytes[length++] = (byte) ('0' + value);
            return;
        }
        int from = digitsBackwards(value, SCRATCH_BYTES);
        if (value < 0) {
            scratch[--from] = '-';
        }
        scratched(from);
    }

    private int digitsBackwards(long value, int end) {
        // negative, because the least long has no positive counterpart
        long left = value > 0 ? -value : value;
        int from = end;
        do {
            long tenth = left / DECIMAL_BASE;
            scratch[--from] = (byte) ('0' + (tenth * DECIMAL_BASE - left));
            left = tenth;
        } while (left != 0);
        return from;
    }

    private void scratched(int from) {
        int size = SCRATCH_BYTES - from;
        System.arraycopy(scratch, from, bytes, length, size);
        length += size;
    }

    /**
     * Puts the number as {@code BigDecimal.toString} writes it at the end of the scratch bytes.
     *
     * @return where it begins; -1 where it is too long or has an exponent
     */
    protected final int decimalDigits(BigDecimal value) {
        int scale = value.scale();
        int precision = value.precision();
        if (precision > MAX_LONG_DIGITS || scale < 0 || precision - 1 - scale < LEAST_ADJUSTED_EXPONENT) {
            return -1;
        }
        long unscaled = value.scaleByPowerOfTen(scale).longValue();
        int from = digitsBackwards(unscaled, SCRATCH_BYTES);
        if (scale > 0) {
            while (SCRATCH_BYTES - from <= scale) {
                scratch[--from] = '0';
            }
            int point = SCRATCH_BYTES - scale - 1;
            System.arraycopy(scratch, from, scratch, from - 1, point - from + 1);
            scratch[point] = '.';
            from--;
        }
        if (unscaled < 0) {
            scratch[--from] = '-';
        }
        return from;
    }

    /** Writes what {@link #decimalDigits} left. */
    protected final void decimalDigits(int from) {
        scratched(from);
    }

    protected static int sizeOfDecimal(int from) {
        return SCRATCH_BYTES - from;
    }
}
