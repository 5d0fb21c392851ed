package dev.nicol.server.delivery;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file that lines are appended to, and that is never changed otherwise. One that was moved away (by logrotate) is begun anew;
 * one that ends within a line, because of a crash or a full disk, is gone on with on the next line.
 */
final class AppendedFile implements AutoCloseable {
    private static final String PRIVATE = "rw-r-----";

    private final Path path;
    private @Nullable FileChannel channel;
    private @Nullable Object identity;

    AppendedFile(Path path) {
        this.path = path;
    }

    /** Returns when a power cut cannot take the lines any more. */
    synchronized void append(List<String> lines) throws IOException {
        StringBuilder text = new StringBuilder();
        lines.forEach(line -> text.append(line).append('\n'));
        boolean written = false;
        try {
            FileChannel open = opened();
            ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                open.write(bytes);
            }
            open.force(true);
            written = true;
        } finally {
            if (!written) {
                close();
            }
        }
    }

    /** Whether it can be appended to; it is not made. */
    void check() throws IOException {
        Path directory = path.toAbsolutePath().getParent();
        boolean possible = Files.exists(path)
                ? Files.isRegularFile(path) && Files.isWritable(path)
                : directory != null && Files.isDirectory(directory) && Files.isWritable(directory);
        if (!possible) {
            throw new Refusal("not_writable");
        }
    }

    private FileChannel opened() throws IOException {
        FileChannel known = channel;
        if (known != null && identity != null && identity.equals(identityOf(path))) {
            return known;
        }
        close();
        create();
        FileChannel open = FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        channel = open;
        identity = identityOf(path);
        if (!endsWithLine()) {
            open.write(ByteBuffer.wrap(new byte[] {'\n'}));
        }
        return open;
    }

    /** Readable by its owner and group: it holds what people asked. */
    private void create() throws IOException {
        if (Files.exists(path)) {
            return;
        }
        try {
            if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(PRIVATE)));
            } else {
                Files.createFile(path);
            }
        } catch (FileAlreadyExistsException meanwhile) {
            return;
        }
        Path directory = path.toAbsolutePath().getParent();
        if (directory != null) {
            try (FileChannel entry = FileChannel.open(directory, StandardOpenOption.READ)) {
                // the name of the file, too, has to survive a power cut
                entry.force(true);
            }
        }
    }

    private boolean endsWithLine() throws IOException {
        try (FileChannel reading = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = reading.size();
            ByteBuffer last = ByteBuffer.allocate(1);
            return size == 0 || reading.read(last, size - 1) < 1 || last.get(0) == '\n';
        }
    }

    private static @Nullable Object identityOf(Path path) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            return Objects.requireNonNullElse(attributes.fileKey(), attributes.creationTime());
        } catch (NoSuchFileException moved) {
            return null;
        }
    }

    @Override
    public synchronized void close() {
        FileChannel open = channel;
        channel = null;
        identity = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException alreadyBroken) {
                // what was not forced is delivered again
                identity = null;
            }
        }
    }
}
