package dev.nicol.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server in a JVM of its own, which ends with this one. What it prints goes to a file. */
final class ChildJvm implements AutoCloseable {
    private static final Duration START = Duration.ofMinutes(2);
    private static final AtomicInteger NUMBERS = new AtomicInteger();
    private static final Pattern USED = Pattern.compile("used (\\d+)K");

    private final Process process;
    private final Path log;

    private ChildJvm(Process process, Path log) {
        this.process = process;
        this.log = log;
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    }

    /** @param command what follows {@code java}, the heap and the class path or jar included */
    static ChildJvm start(String name, List<String> command) {
        try {
            Path log = Files.createDirectories(Repository.OUTPUT.resolve("logs"))
                    .resolve(name + "-" + ProcessHandle.current().pid() + "-" + NUMBERS.incrementAndGet() + ".log");
            List<String> java = new ArrayList<>();
            java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            java.add("-XX:+ExitOnOutOfMemoryError");
            java.add("-Duser.timezone=UTC");
            java.addAll(command);
            Process process = new ProcessBuilder(java)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            return new ChildJvm(process, log);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Waits for the line {@code ready …}; answers the rest of it. */
    String[] awaitReadyLine() {
        return await(() -> printed()
                .lines()
                .filter(line -> line.startsWith("ready "))
                .findFirst()
                .map(line -> line.substring("ready ".length()).split(" ")));
    }

    /** Waits until there is something, or the process has ended, or too much time has passed. */
    <T> T await(Supplier<Optional<T>> condition) {
        long end = System.nanoTime() + START.toNanos();
        while (process.isAlive() && System.nanoTime() < end && !printed().contains("Exception in thread \"main\"")) {
            Optional<T> found = condition.get();
            if (found.isPresent()) {
                return found.get();
            }
            pause();
        }
        String doing = process.isAlive() ? jcmd("Thread.print") : "";
        close();
        append(doing);
        throw new IllegalStateException("a server did not start; see " + log);
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** Why it is no more; empty while it is. */
    Optional<String> ended() {
        if (process.isAlive()) {
            return Optional.empty();
        }
        boolean memory = printed().contains("OutOfMemoryError");
        return Optional.of(memory ? "its server ran out of memory" : "its server ended with " + process.exitValue());
    }

    /** Bytes in use on the heap, what is garbage included unless it is collected first. */
    long heapUsed(boolean collected) {
        if (collected) {
            jcmd("GC.run");
        }
        Matcher used = USED.matcher(jcmd("GC.heap_info"));
        return used.find() ? Long.parseLong(used.group(1)) * 1024 : -1;
    }

    private String jcmd(String command) {
        try {
            String jcmd =
                    Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
            Process asked = new ProcessBuilder(jcmd, Long.toString(process.pid()), command)
                    .redirectErrorStream(true)
                    .start();
            return new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void append(String text) {
        try {
            Files.writeString(log, text, StandardOpenOption.APPEND);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private String printed() {
        try {
            return Files.readString(log);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
