package dev.nicol.server.wire;

import dev.nicol.policy.NicolError;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.calcite.avatica.proto.Common.Rep;

/** Rows as JSON: an array of arrays. Every value leaves a comma behind, which the end of its array takes away. */
final class JsonFrameWriter extends FrameWriter {
    /** Infinity: a number so large that every reader of doubles rounds it there. */
    private static final String INFINITY = "1e999";

    private static final String NEGATIVE_INFINITY = "-1e999";

    /** Negative zero: so small a number that every reader of doubles rounds it there; decimals have none. */
    private static final String NEGATIVE_ZERO = "-1e-999";

    /** Characters of one text that the stock driver's JSON reader takes; a longer one fails there without a code. */
    private static final int MAX_TEXT_CHARACTERS = 20_000_000;

    /** Of the longest way to write one character: {@code \}{@code u001f}. */
    private static final int ESCAPED_BYTES = 6;

    private static final int LONG_BYTES = 20;
    private static final int FIRST_PRINTABLE = 0x20;
    private static final int END_OF_ASCII = 0x80;

    /** Characters that are looked at before there is room for the next ones. */
    private static final int CHUNK = 1024;

    private static final String HEX = "0123456789ABCDEF";

    JsonFrameWriter(int capacity) {
        super(capacity);
        put('[');
    }

    private void put(char c) {
        room(1);
        bytes[length++] = (byte) c;
    }

    private void end() {
        if (bytes[length - 1] == ',') {
            length--;
        }
        put(']');
    }

    @Override
    void beginRow() {
        put('[');
    }

    @Override
    void endRow() {
        end();
        put(',');
    }

    @Override
    void nothing() {
        ascii("null,");
        count(1);
    }

    @Override
    void bool(boolean value) {
        ascii(value ? "true," : "false,");
        count(1);
    }

    @Override
    void whole(long value, Rep rep) {
        room(LONG_BYTES + 1);
        digits(value);
        bytes[length++] = ',';
        countNumber();
    }

    @Override
    void real(float value) {
        number(value, Float.toString(value));
    }

    @Override
    void floating(double value) {
        number(value, Double.toString(value));
    }

    /** {@code plain} where JSON has it, and the reader's way back to it. */
    private void number(double value, String plain) {
        if (Double.isNaN(value)) {
            throw NicolError.NOT_SUPPORTED.because("The answer holds the number `NaN`, which JSON cannot carry. Connect"
                    + " with `serialization=protobuf`, or cast the column to VARCHAR.");
        }
        if (Double.isInfinite(value)) {
            ascii(value > 0 ? INFINITY : NEGATIVE_INFINITY);
        } else {
            ascii(value == 0 && 1 / value < 0 ? NEGATIVE_ZERO : plain);
        }
        put(',');
        countNumber();
    }

    @Override
    void decimal(BigDecimal value) {
        if (depth > 0) {
            // the stock driver cuts the last digit off whole decimals of an array; with an exponent they are no whole
            // ones
            ascii(value.unscaledValue() + "e" + -value.scale());
        } else {
            int from = decimalDigits(value);
            if (from < 0) {
                ascii(value.toString());
            } else {
                room(sizeOfDecimal(from));
                decimalDigits(from);
            }
        }
        put(',');
        countDecimal(value);
    }

    @Override
    void text(String value) {
        int size = value.length();
        requireReadable(size);
        put('"');
        for (int from = 0; from < size; ) {
            // no pair is parted: a chunk may end one character later
            int to = Math.min(size, from + CHUNK);
            room(ESCAPED_BYTES * (to - from + 1));
            from = characters(value, from, to);
        }
        room(2);
        bytes[length++] = '"';
        bytes[length++] = ',';
    }

    private static void requireReadable(long characters) {
        if (characters > MAX_TEXT_CHARACTERS) {
            throw NicolError.NOT_SUPPORTED.because("The answer holds a value that JSON writes in `" + characters
                    + "` characters; its readers take `" + MAX_TEXT_CHARACTERS
                    + "`. Connect with `serialization=protobuf`.");
        }
    }

    private int characters(String value, int from, int to) {
        int start = length;
        int escapes = 0;
        int i = from;
        for (; i < to; i++) {
            char c = value.charAt(i);
            if (c >= END_OF_ASCII) {
                i = beyondAscii(value, i);
            } else if (c < FIRST_PRINTABLE || c == '"' || c == '\\') {
                int before = length;
                escaped(c);
                escapes += length - before - 1;
            } else {
                bytes[length++] = (byte) c;
            }
        }
        count(length - start - escapes);
        return i;
    }

    private void escaped(char c) {
        bytes[length++] = '\\';
        switch (c) {
            case '"', '\\' -> bytes[length++] = (byte) c;
            case '\n' -> bytes[length++] = 'n';
            case '\r' -> bytes[length++] = 'r';
            case '\t' -> bytes[length++] = 't';
            case '\b' -> bytes[length++] = 'b';
            case '\f' -> bytes[length++] = 'f';
            default -> {
                bytes[length++] = 'u';
                bytes[length++] = '0';
                bytes[length++] = '0';
                bytes[length++] = (byte) HEX.charAt(c >> 4);
                bytes[length++] = (byte) HEX.charAt(c & 0xF);
            }
        }
    }

    @Override
    void binary(byte[] value) {
        requireReadable((value.length + 2L) / 3 * 4);
        put('"');
        ascii(new String(Base64.getEncoder().encode(value), StandardCharsets.ISO_8859_1));
        ascii("\",");
        count(value.length);
    }

    @Override
    void beginArray(Rep elements) {
        put('[');
        depth++;
    }

    @Override
    void endArray() {
        depth--;
        end();
        put(',');
    }

    @Override
    EncodedFrame frame(long offset, boolean done, int count) {
        end();
        return new EncodedFrame(offset, done, bytes, length, count);
    }
}
