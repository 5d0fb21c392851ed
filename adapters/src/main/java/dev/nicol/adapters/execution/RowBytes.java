package dev.nicol.adapters.execution;

import java.math.BigDecimal;
import java.util.List;
import java.util.Set;
import org.apache.calcite.avatica.util.ByteString;
import org.jspecify.annotations.Nullable;

/** How much memory a row takes, estimated: rather more than less. */
public final class RowBytes {
    private static final long HEAP = Runtime.getRuntime().maxMemory();

    /** Java compresses references of heaps below 32 GiB. */
    private static final int REFERENCE = HEAP < 32L << 30 ? 4 : 8;

    private static final int OBJECT = 24;
    private static final int TEXT = 48;
    private static final int DECIMAL = 64;

    /** What is neither a value nor made of values: an accumulator, at most. */
    private static final int OTHER = 128;

    /** Texts up to this length are looked at in three places, longer ones throughout: a character may make all of them wide. */
    private static final int SHORT_TEXT = 128;

    /** From here on a join's rows are looked through for values that they share. */
    private static final int SHARED = 1 << 10;

    private static final int LAST_OF_ONE_BYTE = 0xFF;

    /**
     * The collector gives a large array whole regions of its own, of a size that it derives from the heap's (G1). Where that
     * is smaller than thought, or another collector runs, more is counted than is taken.
     */
    private static final long REGION = region(HEAP);

    private static final long LARGE = REGION / 4;

    private RowBytes() {}

    private static long region(long heap) {
        int regions = 2048;
        return Long.highestOneBit(Math.max(1 << 20, Math.min(32 << 20, heap / regions)));
    }

    /** What a row takes: an array, a list, or a bare value where it has one column. */
    public static long of(@Nullable Object row) {
        return value(row);
    }

    /**
     * What a row takes beside others.
     *
     * @param shared values of {@link #SHARED} bytes and more that rows before it have; takes those of this row
     */
    static long of(@Nullable Object row, Set<Object> shared) {
        long bytes = 0;
        if (row instanceof Object[] values) {
            bytes = OBJECT + (long) REFERENCE * values.length;
            for (Object value : values) {
                bytes += of(value, shared);
            }
        } else if (row != null) {
            bytes = value(row);
            return bytes < SHARED || shared.add(row) ? bytes : 0;
        }
        return bytes;
    }

    private static long value(@Nullable Object value) {
        if (value == null) {
            return 0;
        } else if (value instanceof Object[] values) {
            long bytes = OBJECT + (long) REFERENCE * values.length;
            for (Object element : values) {
                bytes += value(element);
            }
            return bytes;
        } else if (value instanceof String text) {
            return TEXT + array(text(text));
        } else if (value instanceof BigDecimal) {
            return DECIMAL;
        } else if (value instanceof Number || value instanceof Boolean) {
            return OBJECT;
        } else if (value instanceof ByteString binary) {
            return TEXT + array(binary.length());
        } else if (value instanceof byte[] binary) {
            return OBJECT + array(binary.length);
        } else if (value instanceof List<?> values) {
            long bytes = 2 * OBJECT + (long) REFERENCE * values.size();
            for (Object element : values) {
                bytes += value(element);
            }
            return bytes;
        }
        return OTHER;
    }

    private static long text(String text) {
        int length = text.length();
        int step = length <= SHORT_TEXT ? Math.max(1, length / 2) : 1;
        for (int i = 0; i < length; i += step) {
            if (text.charAt(i) > LAST_OF_ONE_BYTE) {
                return 2L * length;
            }
        }
        return length;
    }

    private static long array(long bytes) {
        return bytes < LARGE ? bytes : (bytes / REGION + 1) * REGION;
    }
}
