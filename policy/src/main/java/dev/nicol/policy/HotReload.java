package dev.nicol.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A value read from a file or directory, and read again when that changes. What cannot be read leaves the value as it
 * was. Polls instead of waiting for file-system events, which network and container mounts do not send; a change is
 * taken once two polls have seen the same, so that a file being written is not read half.
 */
public final class HotReload<T> implements Supplier<T>, AutoCloseable {
    /** How often the file system is looked at where nothing else is said. */
    public static final Duration DEFAULT_POLL_INTERVAL = Duration.ofMillis(500);

    private static final Logger LOG = LoggerFactory.getLogger(HotReload.class);

    private final Path path;
    private final Function<Path, T> reader;
    private final Consumer<Load<T>> listener;
    private final ScheduledExecutorService poller;
    private volatile T value;
    private String taken;
    private String lastSeen;

    /**
     * One attempt to read.
     *
     * @param inForce the value from now on: the new one, or the old one where there are problems
     */
    public record Load<T>(T inForce, List<Problem> problems) {
        public Load {
            problems = List.copyOf(problems);
        }

        public boolean succeeded() {
            return problems.isEmpty();
        }
    }

    /**
     * Reads for the first time and begins to watch.
     *
     * @param reader throws {@link ProblemsException} for what cannot be used
     * @param listener told of every later attempt, in the thread that made it; not of the first one
     * @throws ProblemsException when the first reading fails
     */
    public HotReload(Path path, Duration pollInterval, Function<Path, T> reader, Consumer<Load<T>> listener) {
        this.path = path;
        this.reader = reader;
        this.listener = listener;
        // seen before it is read: a change in between is then found by the first poll
        this.taken = seen();
        this.lastSeen = taken;
        this.value = reader.apply(path);
        this.poller = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "nicol-watch-" + path.getFileName());
            thread.setDaemon(true);
            return thread;
        });
        poller.scheduleWithFixedDelay(
                this::poll, pollInterval.toMillis(), pollInterval.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public T get() {
        return value;
    }

    /** Reads now, whether or not anything has changed. */
    public synchronized Load<T> reload() {
        taken = seen();
        lastSeen = taken;
        Load<T> load;
        try {
            value = reader.apply(path);
            load = new Load<>(value, List.of());
            LOG.info("loaded {}", path);
        } catch (ProblemsException e) {
            load = new Load<>(value, e.problems());
            e.problems().forEach(problem -> LOG.error("not loaded, the earlier one stays in force: {}", problem));
        } catch (RuntimeException e) {
            load = new Load<>(value, List.of(new Problem(path.toString(), 0, "cannot be loaded — see the log")));
            LOG.error("not loaded, the earlier one stays in force: {}", path, e);
        }
        try {
            listener.accept(load);
        } catch (RuntimeException e) {
            LOG.error("a reload of {} could not be reported", path, e);
        }
        return load;
    }

    private synchronized void poll() {
        try {
            String now = seen();
            boolean settled = now.equals(lastSeen);
            lastSeen = now;
            if (settled && !now.equals(taken)) {
                reload();
            }
        } catch (RuntimeException e) {
            // an exception would end the polling for good
            LOG.error("cannot watch {}", path, e);
        }
    }

    /** Every file's path, size, time and identity as one text. */
    private String seen() {
        TreeMap<String, String> files = new TreeMap<>();
        try (Stream<Path> walk = Files.walk(path, FileVisitOption.FOLLOW_LINKS)) {
            walk.forEach(file -> files.put(file.toString(), state(file)));
        } catch (IOException | UncheckedIOException e) {
            files.put(path.toString(), "unreadable");
        }
        return files.toString();
    }

    private static String state(Path file) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return attributes.isDirectory()
                    ? "directory"
                    : attributes.size() + " " + attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS) + " "
                            + attributes.fileKey();
        } catch (IOException e) {
            return "gone";
        }
    }

    @Override
    public void close() {
        poller.shutdownNow();
    }
}
