package dev.nicol.server.wire;

import dev.nicol.policy.NicolError;
import dev.nicol.server.pipeline.StatementResult.RowCursor;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.avatica.ColumnMetaData;
import org.apache.calcite.avatica.Meta;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.jspecify.annotations.Nullable;

/**
 * One open answer, cut into frames by bytes. The cursor is closed as soon as its last row is read, and on any failure.
 * Used by one thread at a time, but for {@link #cancel}.
 */
final class ResultFrames implements AutoCloseable {
    private final RowCursor cursor;
    private final WireFormat format;
    private final List<ValueEncoder> encoders;
    private final List<ColumnMetaData> columns;
    private final int frameBytes;
    private long offset;
    private @Nullable Object @Nullable [] ahead;
    private Meta.@Nullable Frame last;
    private boolean closed;

    ResultFrames(RowCursor cursor, RelDataType rowType, WireFormat format, int frameBytes) {
        this.cursor = cursor;
        this.format = format;
        this.columns = WireTypes.columns(rowType);
        this.frameBytes = frameBytes;
        this.encoders = rowType.getFieldList().stream()
                .map(RelDataTypeField::getType)
                .map(type -> ValueEncoder.of(type, format))
                .toList();
    }

    List<ColumnMetaData> columns() {
        return columns;
    }

    /** Rows given out so far: the only offset from which a client can go on. */
    long offset() {
        return offset;
    }

    /**
     * The frame that starts at {@code wanted}. The last frame is given again when it is asked for again, because clients
     * repeat a request whose response they lost.
     */
    Meta.Frame frameAt(long wanted, WireFormat asked) {
        if (asked != format) {
            throw new ProtocolViolation("A result is fetched in the format in which it was asked for.");
        }
        Meta.Frame repeated = last;
        if (repeated != null && repeated.offset == wanted && wanted != offset) {
            return repeated;
        }
        if (wanted != offset) {
            throw NicolError.NOT_SUPPORTED.because("Rows from `" + wanted
                    + "` on are no longer here, the result is at row `" + offset + "`. Run the statement again.");
        }
        if (closed) {
            return new Meta.Frame(offset, true, List.of());
        }
        return next();
    }

    private Meta.Frame next() {
        List<Object> rows = new ArrayList<>();
        long bytes = 0;
        boolean done = false;
        try {
            while (bytes < frameBytes) {
                @Nullable Object[] row = ahead == null ? cursor.next() : ahead;
                ahead = null;
                if (row == null) {
                    done = true;
                    break;
                }
                List<@Nullable Object> encoded = encode(row);
                rows.add(encoded);
                long size = ValueEncoder.size(encoded);
                // before the next row: the last one ends the statement, and the trail gets what it came to
                cursor.sent(size);
                bytes += size + Integer.BYTES;
            }
            if (!done) {
                // look one row ahead: no client is sent for an empty frame, and the source is released at once
                ahead = cursor.next();
                done = ahead == null;
            }
        } catch (Throwable failure) {
            close();
            throw failure;
        }
        Meta.Frame frame = new Meta.Frame(offset, done, rows);
        offset += rows.size();
        last = frame;
        if (done) {
            close();
        }
        return frame;
    }

    private List<@Nullable Object> encode(@Nullable Object[] row) {
        List<@Nullable Object> encoded = new ArrayList<>(row.length);
        for (int i = 0; i < row.length; i++) {
            Object value = row[i];
            encoded.add(value == null ? null : encoders.get(i).encode(value));
        }
        return encoded;
    }

    boolean isClosed() {
        return closed;
    }

    /** May come from another thread. */
    void cancel() {
        cursor.cancel();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            ahead = null;
            cursor.close();
        }
    }
}
