package dev.nicol.server.wire;

import java.math.BigDecimal;
import java.util.Arrays;
import org.apache.calcite.avatica.proto.Common.ColumnValue;
import org.apache.calcite.avatica.proto.Common.Frame;
import org.apache.calcite.avatica.proto.Common.Rep;
import org.apache.calcite.avatica.proto.Common.Row;
import org.apache.calcite.avatica.proto.Common.TypedValue;

/**
 * Rows as the field {@code rows} of Avatica's {@code Frame}. Of a {@code ColumnValue} only what clients read since 2015 is
 * written: its deprecated {@code value}, and text beside bytes, say everything a second time.
 */
final class ProtobufFrameWriter extends FrameWriter {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int DELIMITED = 2;

    private static final int ROW = tag(Frame.ROWS_FIELD_NUMBER, DELIMITED);
    private static final int COLUMN = tag(Row.VALUE_FIELD_NUMBER, DELIMITED);
    private static final int SCALAR = tag(ColumnValue.SCALAR_VALUE_FIELD_NUMBER, DELIMITED);
    private static final int ELEMENT = tag(ColumnValue.ARRAY_VALUE_FIELD_NUMBER, DELIMITED);
    private static final int HAS_ARRAY = tag(ColumnValue.HAS_ARRAY_VALUE_FIELD_NUMBER, VARINT);
    private static final int TYPE = tag(TypedValue.TYPE_FIELD_NUMBER, VARINT);
    private static final int BOOL = tag(TypedValue.BOOL_VALUE_FIELD_NUMBER, VARINT);
    private static final int STRING = tag(TypedValue.STRING_VALUE_FIELD_NUMBER, DELIMITED);
    private static final int NUMBER = tag(TypedValue.NUMBER_VALUE_FIELD_NUMBER, VARINT);
    private static final int BYTES = tag(TypedValue.BYTES_VALUE_FIELD_NUMBER, DELIMITED);
    private static final int DOUBLE = tag(TypedValue.DOUBLE_VALUE_FIELD_NUMBER, FIXED64);
    private static final int NULL = tag(TypedValue.NULL_FIELD_NUMBER, VARINT);
    private static final int NESTED_ELEMENT = tag(TypedValue.ARRAY_VALUE_FIELD_NUMBER, DELIMITED);
    private static final int COMPONENT_TYPE = tag(TypedValue.COMPONENT_TYPE_FIELD_NUMBER, VARINT);

    /** Every tag and every type here has one byte. */
    private static final int TAG_BYTES = 1;

    private static final int TYPE_BYTES = 2;

    /** Tags, lengths, type and a number: the most that one value has besides text or bytes. */
    private static final int HEAD_BYTES = 40;

    private static final int MAX_LENGTH_BYTES = 5;
    private static final int SEVEN_BITS = 0x7F;
    private static final int MORE = 0x80;

    /** Where the row begins whose length is not known yet. */
    private int row;

    /** Where each open array begins. */
    private int[] arrays = new int[2];

    ProtobufFrameWriter(int capacity) {
        super(capacity);
    }

    private static int tag(int field, int wireType) {
        return field << 3 | wireType;
    }

    @Override
    void beginRow() {
        room(HEAD_BYTES);
        put(ROW);
        row = length;
    }

    @Override
    void endRow() {
        insertLength(row);
    }

    /** Puts the length of what was written from there on before it. */
    private void insertLength(int from) {
        int size = length - from;
        int lengthBytes = varintBytes(size);
        room(MAX_LENGTH_BYTES);
        System.arraycopy(bytes, from, bytes, from + lengthBytes, size);
        length = from;
        varint(size);
        length += size;
    }

    private void put(int oneByte) {
        bytes[length++] = (byte) oneByte;
    }

    private void varint(long value) {
        long left = value;
        while ((left & ~SEVEN_BITS) != 0) {
            bytes[length++] = (byte) (left & SEVEN_BITS | MORE);
            left >>>= 7;
        }
        bytes[length++] = (byte) left;
    }

    private static int varintBytes(long value) {
        int bits = Long.SIZE - Long.numberOfLeadingZeros(value | 1);
        return (bits + 6) / 7;
    }

    /** Begins a value of so many bytes, its type included. */
    private void value(int size, Rep rep) {
        room(HEAD_BYTES + size);
        if (depth == 0) {
            put(COLUMN);
            varint((long) TAG_BYTES + varintBytes(size) + size);
            put(SCALAR);
        } else {
            put(depth == 1 ? ELEMENT : NESTED_ELEMENT);
        }
        varint(size);
        put(TYPE);
        put(rep.getNumber());
    }

    @Override
    void nothing() {
        value(TYPE_BYTES + TAG_BYTES + 1, Rep.NULL);
        put(NULL);
        put(1);
        count(1);
    }

    @Override
    void bool(boolean value) {
        value(TYPE_BYTES + (value ? TAG_BYTES + 1 : 0), Rep.BOOLEAN);
        if (value) {
            put(BOOL);
            put(1);
        }
        count(1);
    }

    @Override
    void whole(long value, Rep rep) {
        long zigzag = value << 1 ^ value >> 63;
        value(TYPE_BYTES + (zigzag == 0 ? 0 : TAG_BYTES + varintBytes(zigzag)), rep);
        if (zigzag != 0) {
            put(NUMBER);
            varint(zigzag);
        }
        countNumber();
    }

    @Override
    void real(float value) {
        whole(Float.floatToIntBits(value), Rep.FLOAT);
    }

    @Override
    void floating(double value) {
        long bits = Double.doubleToRawLongBits(value);
        value(TYPE_BYTES + (bits == 0 ? 0 : TAG_BYTES + Long.BYTES), Rep.DOUBLE);
        if (bits != 0) {
            put(DOUBLE);
            for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
                put((int) (bits >>> shift));
            }
        }
        countNumber();
    }

    @Override
    void decimal(BigDecimal value) {
        int from = decimalDigits(value);
        if (from < 0) {
            String digits = value.toString();
            delimited(STRING, digits.length(), Rep.BIG_DECIMAL);
            ascii(digits);
        } else {
            delimited(STRING, sizeOfDecimal(from), Rep.BIG_DECIMAL);
            decimalDigits(from);
        }
        countDecimal(value);
    }

    @Override
    void text(String value) {
        int size = utf8Length(value);
        delimited(STRING, size, Rep.STRING);
        int characters = value.length();
        if (size == characters) {
            ascii(value);
        } else {
            room(size);
            for (int i = 0; i < characters; i++) {
                char c = value.charAt(i);
                if (c < MORE) {
                    bytes[length++] = (byte) c;
                } else {
                    i = beyondAscii(value, i);
                }
            }
        }
        count(size);
    }

    @Override
    void binary(byte[] value) {
        delimited(BYTES, value.length, Rep.BYTE_STRING);
        System.arraycopy(value, 0, bytes, length, value.length);
        length += value.length;
        count(value.length);
    }

    /** Begins a value that is so many bytes of its own; there is room for them. */
    private void delimited(int tag, int size, Rep rep) {
        value(TYPE_BYTES + (size == 0 ? 0 : TAG_BYTES + varintBytes(size) + size), rep);
        if (size > 0) {
            put(tag);
            varint(size);
        }
    }

    @Override
    void beginArray(Rep elements) {
        room(HEAD_BYTES);
        put(depth == 0 ? COLUMN : depth == 1 ? ELEMENT : NESTED_ELEMENT);
        if (depth == arrays.length) {
            arrays = Arrays.copyOf(arrays, 2 * depth);
        }
        arrays[depth++] = length;
        if (depth > 1) {
            put(TYPE);
            put(Rep.ARRAY.getNumber());
            put(COMPONENT_TYPE);
            put(elements.getNumber());
        }
    }

    @Override
    void endArray() {
        depth--;
        if (depth == 0) {
            room(2);
            put(HAS_ARRAY);
            put(1);
        }
        insertLength(arrays[depth]);
    }

    @Override
    EncodedFrame frame(long offset, boolean done, int count) {
        return new EncodedFrame(offset, done, bytes, length, count);
    }
}
