package dev.nicol.benchmarks;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Failures in a few words. */
final class Failures {
    /** What Avatica's driver says of every statement that fails. */
    private static final Pattern SQL = Pattern.compile("Error while executing SQL \".*\": ");

    private static final int LENGTH = 200;

    private Failures() {}

    /** What failed, without the statement that did; why its server ended, where that is why. */
    static String told(Throwable failure, @Nullable ChildJvm server) {
        String message = SQL.matcher(String.valueOf(failure.getMessage()).replaceAll("\\s+", " "))
                .replaceAll("");
        String told = server == null ? message : server.ended().orElse(message);
        return told.length() > LENGTH ? told.substring(0, LENGTH) + "…" : told;
    }
}
