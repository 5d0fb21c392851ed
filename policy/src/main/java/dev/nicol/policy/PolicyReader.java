package dev.nicol.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Reads a directory of policy files: all of them or none. */
public final class PolicyReader {
    /** Most files below one policy directory. */
    public static final int MAX_FILES = 10_000;

    private static final String SUFFIX = ".yaml";

    private PolicyReader() {}

    /**
     * Reads every {@code *.yaml} below the directory, in the order of their paths; hidden files and directories are left
     * out.
     *
     * @throws ProblemsException with every problem of every file
     */
    public static PolicySet read(Path directory) {
        return read(directory, PolicyCheck.NONE);
    }

    /**
     * The same, with a check against what the rules speak of. It sees the rules that could be read even where others could
     * not, so that a person is told everything at once.
     */
    public static PolicySet read(Path directory, PolicyCheck check) {
        Problems problems = new Problems();
        RuleReader rules = new RuleReader(problems);
        for (Path file : files(directory, problems)) {
            YamlNode root = YamlDocument.read(file, problems);
            if (root != null) {
                rules.read(root);
            }
        }
        PolicySet set = rules.policySet();
        MaskConflicts.check(set, problems);
        ShadowedRules.check(set, problems);
        check.check(set, problems);
        problems.throwIfAny();
        return set;
    }

    private static List<Path> files(Path directory, Problems problems) {
        if (!Files.isDirectory(directory)) {
            problems.add(directory, 0, "no such directory of policies — create it, or correct `policies`");
            return List.of();
        }
        try (Stream<Path> walk = Files.walk(directory, FileVisitOption.FOLLOW_LINKS)) {
            // a link that leads nowhere is kept: the rules it should lead to are missed, which reading it tells
            List<Path> files = walk.filter(path -> !hidden(directory, path))
                    .filter(path -> !Files.isDirectory(path))
                    .sorted()
                    .limit(MAX_FILES + 1L)
                    .toList();
            if (files.size() > MAX_FILES) {
                problems.add(directory, 0, "has more than " + MAX_FILES + " files — join some");
            }
            for (Path file : files) {
                String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
                if (name.endsWith(".yml") || name.endsWith(".json")) {
                    // silence would leave out the filters and masks that someone thinks are in force
                    problems.add(file, 0, "is not read, only *.yaml is — rename it");
                }
            }
            return files.stream()
                    .filter(file -> file.getFileName()
                            .toString()
                            .toLowerCase(Locale.ROOT)
                            .endsWith(SUFFIX))
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            problems.add(directory, 0, "cannot be read — check its permissions, and links that lead in circles");
            return List.of();
        }
    }

    /** Mounted configuration keeps its versions in hidden directories; editors keep drafts in hidden files. */
    private static boolean hidden(Path directory, Path path) {
        for (Path part : directory.relativize(path)) {
            if (part.toString().startsWith(".")) {
                return true;
            }
        }
        return false;
    }
}
