package dev.nicol.server.wire;

import java.util.List;
import org.apache.calcite.avatica.Meta;

/** A frame whose rows are bytes already, in the format of its result. They are written into a response as they are. */
final class EncodedFrame extends Meta.Frame {
    private final byte[] bytes;
    private final int length;
    private final int count;

    /** @param bytes the first {@code length} of which are the rows; nobody changes them any more */
    EncodedFrame(long offset, boolean done, byte[] bytes, int length, int count) {
        super(offset, done, List.of());
        this.bytes = bytes;
        this.length = length;
        this.count = count;
    }

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    /** Rows in it. */
    int count() {
        return count;
    }
}
