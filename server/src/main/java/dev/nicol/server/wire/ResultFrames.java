package dev.nicol.server.wire;

import dev.nicol.policy.NicolError;
import dev.nicol.server.pipeline.StatementResult.RowCursor;
import java.lang.ref.SoftReference;
import java.util.List;
import org.apache.calcite.avatica.ColumnMetaData;
import org.apache.calcite.avatica.Meta;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open answer, cut into frames by bytes. The cursor is closed as soon as its last row is read, and on any failure.
 * Used by one thread at a time, but for {@link #cancel}.
 */
final class ResultFrames implements AutoCloseable {
    /** What a frame has room for at first; most answers are small. */
    private static final int FIRST_CAPACITY = 1024;

    /** By which part a frame may be larger than its bound before its bytes are moved: its last row is whole. */
    private static final int SLACK = 16;

    private static final Logger LOGGER = LoggerFactory.getLogger(ResultFrames.class);

    private final RowCursor cursor;
    private final WireFormat format;
    private final ValueEncoder[] encoders;
    private final List<ColumnMetaData> columns;
    private final int frameBytes;
    private long offset;
    private @Nullable Object @Nullable [] ahead;

    /** For clients that repeat a request; given up where memory is short, because many answers may be open. */
    private SoftReference<Meta.@Nullable Frame> last = new SoftReference<>(null);

    /** Read ahead of the client. */
    private @Nullable EncodedFrame ready;

    private @Nullable Throwable failure;
    private volatile boolean closed;
    private volatile boolean abandoned;

    ResultFrames(RowCursor cursor, RelDataType rowType, WireFormat format, int frameBytes) {
        this.cursor = cursor;
        this.format = format;
        this.columns = WireTypes.columns(rowType);
        this.frameBytes = frameBytes;
        this.encoders = rowType.getFieldList().stream()
                .map(RelDataTypeField::getType)
                .map(ValueEncoder::of)
                .toArray(ValueEncoder[]::new);
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
        Meta.Frame repeated = last.get();
        if (repeated != null && repeated.offset == wanted && wanted != offset) {
            return repeated;
        }
        if (wanted != offset) {
            throw NicolError.NOT_SUPPORTED.because("Rows from `" + wanted
                    + "` on are no longer here, the result is at row `" + offset + "`. Run the statement again.");
        }
        EncodedFrame frame = ready == null ? next() : ready;
        ready = null;
        if (frame == null) {
            return new Meta.Frame(offset, true, List.of());
        }
        offset += frame.count();
        last = new SoftReference<>(frame);
        return frame;
    }

    /** Makes the frame ready that the client will ask for next. Fails later, when it does. */
    void readAhead() {
        if (ready == null && !closed && cursor.mayReadAhead()) {
            try {
                ready = next();
            } catch (RuntimeException | Error told) {
                LOGGER.debug("reading ahead failed, as the client will hear", told);
            }
        }
    }

    /** Null after the last one; what failed fails again, as its rows have no other end. */
    private @Nullable EncodedFrame next() {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException refused) {
            throw refused;
        }
        if (closed) {
            return null;
        }
        FrameWriter to = FrameWriter.of(format, offset == 0 ? FIRST_CAPACITY : frameBytes + frameBytes / SLACK);
        int count = 0;
        try {
            while (to.length() < frameBytes && !abandoned) {
                @Nullable Object[] row = ahead == null ? cursor.next() : ahead;
                ahead = null;
                if (row == null) {
                    break;
                }
                count++;
                long before = to.counted();
                write(row, to);
                // before the next row: the last one ends the statement, and the trail gets what it came to
                cursor.sent(to.counted() - before);
            }
            // look one row ahead: no client is sent for an empty frame, and the source is released at once
            ahead = to.length() < frameBytes || abandoned ? null : cursor.next();
        } catch (RuntimeException | Error ended) {
            failure = ended;
            close();
            throw ended;
        }
        boolean done = ahead == null;
        if (done) {
            close();
        }
        return to.frame(offset, done, count);
    }

    private void write(@Nullable Object[] row, FrameWriter to) {
        to.beginRow();
        for (int i = 0; i < row.length; i++) {
            ValueEncoder.write(row[i], encoders[i], to);
        }
        to.endRow();
    }

    /** Whether there is, or may be, something left to read at the source. */
    boolean isOpen() {
        return !closed;
    }

    /** Whether the client got everything. */
    boolean isRead() {
        return closed && ready == null && failure == null;
    }

    /** Ends what reads ahead after its row, as if that had been the last one: nobody will ask for it. From any thread. */
    void abandon() {
        abandoned = true;
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
