package dev.nicol.server.audit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is written to a journal at once. Its bytes: the four ASCII bytes {@code NJ02}; four, big-endian, how many follow; those of
 * its links, one {@link JournalFrame} after the other.
 *
 * <p>Groups may be written over zeros that the file was made longer with. Then a power cut can leave any of a group's sectors
 * unwritten, its first ones too; so the last group of a file counts as torn, and was never acknowledged, where a sector of it is
 * still zeros. No whole one is: links are texts without a zero byte.
 */
final class JournalGroup {
    private static final byte[] MAGIC = "NJ02".getBytes(StandardCharsets.US_ASCII);
    private static final int HEADER_BYTES = MAGIC.length + Integer.BYTES;

    /** What a disk writes whole or not at all, in bytes. */
    private static final int SECTOR_BYTES = 512;

    private JournalGroup() {}

    /** Bytes of a group. */
    static int size(List<Link> links) {
        return Math.addExact(HEADER_BYTES, JournalFrame.size(links));
    }

    /** Writes a group from the first byte of a buffer with an array on. */
    static void write(List<Link> links, ByteBuffer bytes) {
        bytes.put(MAGIC).putInt(JournalFrame.size(links));
        JournalFrame.write(links, bytes);
        bytes.flip();
    }

    /** Where the group that begins at a place of a file ends; 0 where none begins, or none that has anything. */
    private static long end(ByteBuffer file, int start) {
        if (file.limit() - start < HEADER_BYTES
                || file.getInt(start) != ByteBuffer.wrap(MAGIC).getInt()) {
            return 0;
        }
        int length = file.getInt(start + MAGIC.length);
        return length <= 0 ? 0 : (long) start + HEADER_BYTES + length;
    }

    /** The links of the whole group that begins at a place of a file; null where none does. */
    static @Nullable List<JournalFrame> at(ByteBuffer file, int start) {
        long end = end(file, start);
        if (end == 0 || end > file.limit()) {
            return null;
        }
        List<JournalFrame> frames = new ArrayList<>();
        int at = start + HEADER_BYTES;
        while (at < end) {
            JournalFrame frame = JournalFrame.at(file, at);
            if (frame == null) {
                return null;
            }
            frames.add(frame);
            at += frame.bytes();
        }
        return at == end ? frames : null;
    }

    /** Bytes of a whole group of these. */
    static int bytes(List<JournalFrame> frames) {
        return HEADER_BYTES + frames.stream().mapToInt(JournalFrame::bytes).sum();
    }

    /** Whether a file has nothing but zeros from a place on, as far as it goes. */
    static boolean isUnwritten(ByteBuffer file, int start) {
        return areZeros(file, start, file.limit());
    }

    /** Whether what begins at a place of a file, and is no whole group, is one that was not written to its end and has none behind it. */
    static boolean isTorn(ByteBuffer file, int start) {
        long end = end(file, start);
        if (end == 0) {
            return beginsUnwritten(file, start) && !isFollowed(file, start);
        }
        if (end > file.limit()) {
            return true;
        }
        return isUnwritten(file, (int) end)
                && (file.get((int) end - 1) == 0 || hasUnwrittenSector(file, start, (int) end));
    }

    /** Whether each byte of a group's head is what it must be or was not written. */
    private static boolean beginsUnwritten(ByteBuffer file, int start) {
        for (int i = 0; i < Math.min(HEADER_BYTES, file.limit() - start); i++) {
            byte found = file.get(start + i);
            if (found != 0 && (i >= MAGIC.length || found != MAGIC[i])) {
                return false;
            }
        }
        return true;
    }

    private static boolean isFollowed(ByteBuffer file, int start) {
        for (int i = start + 1; i < file.limit(); i++) {
            if (file.get(i) == MAGIC[0] && at(file, i) != null) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasUnwrittenSector(ByteBuffer file, int start, int end) {
        for (int at = start; at < end; ) {
            int next = Math.min(end, (at / SECTOR_BYTES + 1) * SECTOR_BYTES);
            if (areZeros(file, at, next)) {
                return true;
            }
            at = next;
        }
        return false;
    }

    private static boolean areZeros(ByteBuffer file, int start, int end) {
        for (int i = start; i < end; i++) {
            if (file.get(i) != 0) {
                return false;
            }
        }
        return true;
    }
}
