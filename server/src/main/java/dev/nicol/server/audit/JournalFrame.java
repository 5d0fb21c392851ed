package dev.nicol.server.audit;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One link in a file of the journal. Its bytes, numbers big-endian: the four ASCII bytes {@code NJ01}; four, the length of the
 * payload; eight, the event's id; its 32 bytes of hash; the payload; four, the CRC-32C of all before. The hash before is that
 * of the frame before, or of the tables' last event.
 */
record JournalFrame(long eventId, String hash, byte[] payload) {
    private static final int MAGIC = 0x4E4A3031;
    private static final int HASH_BYTES = 32;
    private static final int HEADER_BYTES = 2 * Integer.BYTES + Long.BYTES + HASH_BYTES;

    /** What a frame has beside its payload. */
    static final int EXTRA_BYTES = HEADER_BYTES + Integer.BYTES;

    /** Bytes of the frames of links, one after the other. */
    static int size(List<Link> links) {
        int size = 0;
        for (Link link : links) {
            size = Math.addExact(size, Math.addExact(EXTRA_BYTES, link.event().payload().length));
        }
        return size;
    }

    /** Writes the frames of links, one after the other, into a buffer with an array. */
    static void write(List<Link> links, ByteBuffer bytes) {
        for (Link link : links) {
            int start = bytes.position();
            byte[] payload = link.event().payload();
            bytes.putInt(MAGIC).putInt(payload.length).putLong(link.eventId());
            bytes.put(HexFormat.of().parseHex(link.hash())).put(payload);
            bytes.putInt(checksum(bytes.array(), start, bytes.position() - start));
        }
    }

    /** The whole frame that begins at a place of a file; null where none does. */
    static @Nullable JournalFrame at(ByteBuffer file, int start) {
        if (file.limit() - start < EXTRA_BYTES || file.getInt(start) != MAGIC) {
            return null;
        }
        int length = file.getInt(start + Integer.BYTES);
        if (length < 0 || length > file.limit() - start - EXTRA_BYTES) {
            return null;
        }
        int end = start + HEADER_BYTES + length;
        if (file.getInt(end) != checksum(file.array(), start, end - start)) {
            return null;
        }
        byte[] hash = new byte[HASH_BYTES];
        file.get(start + HEADER_BYTES - HASH_BYTES, hash);
        byte[] payload = new byte[length];
        file.get(start + HEADER_BYTES, payload);
        return new JournalFrame(
                file.getLong(start + 2 * Integer.BYTES), HexFormat.of().formatHex(hash), payload);
    }

    int bytes() {
        return EXTRA_BYTES + payload.length;
    }

    private static int checksum(byte[] bytes, int start, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, start, length);
        return (int) checksum.getValue();
    }
}
