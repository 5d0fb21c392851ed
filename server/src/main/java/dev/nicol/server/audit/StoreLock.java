package dev.nicol.server.audit;

import dev.nicol.policy.NicolError;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Keeps a store to one server: a second process, or a second store of the same process, would take the first one's
 * running statements for interrupted. The operating system releases the lock when the process ends, however it ends.
 */
final class StoreLock implements AutoCloseable {
    private final FileChannel channel;

    private StoreLock(FileChannel channel) {
        this.channel = channel;
    }

    /** @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE} where another holds it */
    static StoreLock take(Path storePath) {
        Path file = storePath.resolveSibling(storePath.getFileName() + ".lock");
        FileChannel channel = null;
        try {
            if (file.getParent() != null) {
                Files.createDirectories(file.getParent());
            }
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = tryLock(channel);
            if (lock != null) {
                return new StoreLock(channel);
            }
            channel.close();
        } catch (IOException e) {
            throw NicolError.TRAIL_UNAVAILABLE.because(
                    "The store `" + storePath
                            + "` cannot be opened: its directory cannot be written. Check that it exists"
                            + " and belongs to the server's user.",
                    String.valueOf(e.getMessage()),
                    e);
        }
        throw NicolError.TRAIL_UNAVAILABLE.because("The store `" + storePath
                + "` is in use by another server. Stop that one, or name another `store.url`.");
    }

    private static FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // nothing is lost: the lock ends with the process
            org.slf4j.LoggerFactory.getLogger(StoreLock.class).warn("The store's lock was not released in order", e);
        }
    }
}
