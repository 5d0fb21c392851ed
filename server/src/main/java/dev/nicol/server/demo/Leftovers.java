package dev.nicol.server.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All that must be gone when the demo ends, however it ends: closed in reverse, once. */
final class Leftovers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);
    private static final int REMOVE_ATTEMPTS = 20;
    private static final long REMOVE_PAUSE_NANOS = 250_000_000;

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private boolean closed;

    /** Takes a part in charge. What is opened after the end came is closed at once. */
    synchronized <T extends AutoCloseable> T opened(T part) {
        if (closed) {
            closeOne(part);
            throw new IllegalStateException("the demo was stopped");
        }
        open.push(part);
        return part;
    }

    /** A new directory that only this user can read. */
    Path directory(String prefix) throws IOException {
        Path directory = Files.createTempDirectory(prefix);
        opened(() -> remove(directory));
        return directory;
    }

    @Override
    public synchronized void close() {
        closed = true;
        while (!open.isEmpty()) {
            closeOne(open.pop());
        }
    }

    private static void closeOne(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception failure) {
            LOG.warn("the demo could not tidy up: {}", failure.toString());
        }
    }

    /** A program that was ended in the midst of its start may still write for a moment. */
    private static void remove(Path directory) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                removeOnce(directory);
                return;
            } catch (IOException | UncheckedIOException failure) {
                if (attempt == REMOVE_ATTEMPTS) {
                    throw failure;
                }
                LockSupport.parkNanos(REMOVE_PAUSE_NANOS);
            }
        }
    }

    private static void removeOnce(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        List<Path> deepestFirst;
        try (Stream<Path> files = Files.walk(directory)) {
            deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : deepestFirst) {
            Files.deleteIfExists(file);
        }
    }
}
