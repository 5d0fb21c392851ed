package dev.nicol.server.audit;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A file that only the server's own user reads, such as a key. */
public final class SecretFile {
    private SecretFile() {}

    /** Makes the file, private from its first moment. One that is there already stays as it is. */
    public static void create(Path file, byte[] content) throws IOException {
        try {
            Path directory = file.toAbsolutePath().getParent();
            if (directory != null) {
                Files.createDirectories(directory);
            }
            if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            } else {
                Files.createFile(file);
            }
            Files.write(file, content);
        } catch (FileAlreadyExistsException madeMeanwhile) {
            // Another start made it: that one counts.
            return;
        }
    }
}
