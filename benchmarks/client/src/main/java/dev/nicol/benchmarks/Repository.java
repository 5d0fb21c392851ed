package dev.nicol.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where the repository is, and what its build left there. */
final class Repository {
    static final Path ROOT = root();

    /** Logs, files of servers, results. */
    static final Path OUTPUT = ROOT.resolve("benchmarks/target/benchmarks");

    private Repository() {}

    /** The class path of a peer's module, own classes first. */
    static String classPath(String module) {
        Path target = ROOT.resolve("benchmarks").resolve(module).resolve("target");
        return target.resolve("classes") + ":" + read(target.resolve("classpath.txt"));
    }

    /** The version of a library that a peer's module brings. */
    static String version(String module, String library) {
        Matcher jar = Pattern.compile("/" + library + "-([^/:]+)\\.jar").matcher(classPath(module));
        return jar.find() ? jar.group(1) : "unknown";
    }

    static Path nicolJar() {
        Path jar = ROOT.resolve("server/target/nicol.jar");
        if (!Files.exists(jar)) {
            throw new IllegalStateException(jar + " is not built; use benchmarks/run");
        }
        return jar;
    }

    /** The commit that is measured, with a plus where files differ from it. */
    static String revision() {
        String changes = git("status", "--porcelain", "--untracked-files=no");
        return git("rev-parse", "--short=12", "HEAD") + (changes.isEmpty() ? "" : "+");
    }

    private static String git(String... arguments) {
        try {
            ProcessBuilder git = new ProcessBuilder("git");
            git.command().addAll(List.of(arguments));
            Process process = git.directory(ROOT.toFile()).start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException failure) {
            return "unknown";
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException failure) {
            throw new UncheckedIOException(file + " is not built; use benchmarks/run", failure);
        }
    }

    private static Path root() {
        Path at = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(at.resolve("benchmarks")) || !Files.isDirectory(at.resolve("server"))) {
            Path parent = at.getParent();
            if (parent == null) {
                throw new IllegalStateException("run this from within the repository");
            }
            at = parent;
        }
        return at;
    }
}
