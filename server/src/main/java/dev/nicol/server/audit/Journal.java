package dev.nicol.server.audit;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Links of a chain that are not in the store's tables for good yet, in files beside the store: one write for a group, and no
 * page of any index. {@link JournalGroup} is what is written. Files follow each other by their number; one whose links are all in
 * the tables is deleted.
 */
final class Journal implements AutoCloseable {
    /** A file that has grown to as many bytes is followed by another. */
    static final long FILE_BYTES = 8L << 20;

    private static final int BUFFER_BYTES = 64 << 10;

    /** By so many zeros at most a file is made longer than what is written needs: a sync that changes no length takes half the time. */
    private static final byte[] ROOM = new byte[512 << 10];

    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);
    private static final String INFIX = ".journal-";
    private static final String SET_ASIDE = ".broken";
    private static final int NUMBER_DIGITS = 10;

    private final Path store;
    private final Deque<Part> full = new ArrayDeque<>();
    private Part current;
    private RandomAccessFile file;

    /** Bytes of whole groups in the current file; what is behind them was not acknowledged. */
    private long length;

    /** As far as the current file goes, zeros included. */
    private long reserved;

    /** Whether each group is forced. Only then is room made: of groups that wait together, a power cut could take the first alone. */
    private final boolean each;

    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    private boolean synced = true;

    /** A file and the last link in it. */
    private record Part(long number, Path path, long lastId) {}

    private Journal(Path store, boolean each, Part first) throws IOException {
        this.store = store;
        this.each = each;
        this.current = first;
        this.file = created(first.path());
    }

    /**
     * Opens a journal to be written. Files that are there are kept aside: what of them goes on where the tables end was
     * brought there before.
     *
     * @param store its path, without an ending
     * @param each whether each group will be forced
     */
    static Journal open(Path store, boolean each) throws IOException {
        for (Path left : files(store)) {
            Path aside = left.resolveSibling(left.getFileName() + SET_ASIDE + "-" + System.currentTimeMillis());
            Files.move(left, aside);
            LOG.warn("what could not be read of the journal of the trail is kept as {}", aside);
        }
        return new Journal(store, each, new Part(1, path(store, 1), 0));
    }

    /** The files of a store's journal in their order. */
    static List<Path> files(Path store) throws IOException {
        String prefix = store.getFileName() + INFIX;
        try (Stream<Path> beside = Files.list(store.toAbsolutePath().getParent())) {
            return beside.filter(path -> {
                        String name = path.getFileName().toString();
                        return name.startsWith(prefix) && name.length() == prefix.length() + NUMBER_DIGITS;
                    })
                    .sorted()
                    .toList();
        }
    }

    private static Path path(Path store, long number) {
        return store.resolveSibling(store.getFileName() + INFIX + String.format("%0" + NUMBER_DIGITS + "d", number));
    }

    /** Of a name that nothing was acknowledged in; whatever fails, nothing is left of it. */
    private static RandomAccessFile created(Path path) throws IOException {
        Files.deleteIfExists(path);
        RandomAccessFile file = null;
        // whose statement is cancelled meanwhile: directories are forced through a channel, which an interrupt closes
        boolean interrupted = Thread.interrupted();
        try {
            // it holds what people asked
            SecretFile.create(path, new byte[0]);
            file = new RandomAccessFile(path.toFile(), "rw");
            try (FileChannel entries = FileChannel.open(path.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
                // else a power cut could take the file with all that is in it
                entries.force(true);
            }
            return file;
        } catch (IOException | RuntimeException failure) {
            if (file != null) {
                file.close();
            }
            Files.deleteIfExists(path);
            throw failure;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Adds consecutive links; they survive the end of this process.
     *
     * @param force whether they are to survive a power cut too
     */
    synchronized void append(List<Link> links, boolean force) throws IOException {
        if (length >= FILE_BYTES) {
            next();
        }
        ByteBuffer bytes = buffer(JournalGroup.size(links));
        JournalGroup.write(links, bytes);
        try {
            file.seek(length);
            file.write(bytes.array(), 0, bytes.limit());
            synced = false;
            if (each && length + bytes.limit() > reserved) {
                // as much as is there: what is written seldom, and forgotten before there is more, waits for no room
                int room = (int) Math.min(ROOM.length, length);
                file.write(ROOM, 0, room);
                reserved = length + bytes.limit() + room;
            }
            if (force) {
                sync();
            }
        } catch (IOException failure) {
            takeBack(failure);
            throw failure;
        }
        length += bytes.limit();
        current = new Part(
                current.number(), current.path(), links.get(links.size() - 1).eventId());
    }

    /** One for all groups, but for the few that are larger. */
    private ByteBuffer buffer(int size) {
        return size > buffer.capacity() ? ByteBuffer.allocate(size) : buffer.clear();
    }

    /** So that nobody takes it for acknowledged; should that fail too, the next group is written over it. */
    private void takeBack(IOException failure) {
        try {
            trim(length);
        } catch (IOException again) {
            failure.addSuppressed(again);
        }
    }

    private void trim(long end) throws IOException {
        file.setLength(end);
        reserved = end;
    }

    private void next() throws IOException {
        trim(length);
        synced = false;
        sync();
        long number = current.number() + 1;
        Part following = new Part(number, path(store, number), current.lastId());
        RandomAccessFile opened = created(following.path());
        file.close();
        full.add(current);
        file = opened;
        current = following;
        length = 0;
        reserved = 0;
    }

    synchronized boolean unsynced() {
        return !synced;
    }

    /** Makes it survive a power cut. */
    synchronized void sync() throws IOException {
        if (!synced) {
            file.getFD().sync();
            synced = true;
        }
    }

    /** The links up to this one are in the tables, whatever happens. */
    synchronized void forget(long eventId) throws IOException {
        while (!full.isEmpty() && full.getFirst().lastId() <= eventId) {
            Files.deleteIfExists(full.removeFirst().path());
        }
        if (length > 0 && current.lastId() <= eventId) {
            trim(0);
            length = 0;
        }
    }

    /** What it holds after a link, from the files. */
    synchronized List<Link> after(TrailTransaction.Head head, String server) throws IOException {
        List<Link> links = new ArrayList<>();
        String problem = new JournalReader(server, head, links::add).read(files(store));
        if (problem != null) {
            throw new IOException(problem);
        }
        return links;
    }

    /** Closes it; without links it leaves no file. */
    @Override
    public synchronized void close() {
        try {
            trim(length);
            file.close();
            if (length == 0 && full.isEmpty()) {
                Files.deleteIfExists(current.path());
            }
        } catch (IOException failure) {
            LOG.warn("the journal of the trail was not closed in order", failure);
        }
    }

    /** Deletes the files of a journal whose links are all in the tables. */
    static void delete(List<Path> files) throws IOException {
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }
}
