package dev.nicol.policy;

import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A glob over dotted names: {@code *} stands for anything within a part ({@code pg.clinic_*.patients}), {@code **} for
 * anything across parts. Names match without regard to case. Equal globs make equal patterns.
 */
public final class NamePattern {
    /** Stands for a dot within a part while names are compared, so that {@code "a.b"} is one part and not two. */
    private static final char DOT_WITHIN_PART = '\uE000';

    /** Stand for another pattern's wildcards, which only a wildcard takes in. */
    private static final char ANY_CHARACTERS = '\uE001';

    private static final char ANY_PARTS = '\uE002';

    private final String glob;
    private final Pattern compiled;

    public NamePattern(String glob) {
        this.glob = glob;
        this.compiled = compile(glob, "[^.]*");
    }

    public String glob() {
        return glob;
    }

    /** Compares with a name whose dots separate parts. */
    public boolean matches(String dottedName) {
        return compiled.matcher(dottedName).matches();
    }

    public boolean matches(TableName table) {
        return matches(table.parts());
    }

    /** Compares with a table's column. */
    public boolean matches(TableName table, String column) {
        return matches(List.of(table.catalog(), table.schema(), table.table(), column));
    }

    /** Compares with a single name, such as a column's, whose dots are its own. */
    public boolean matchesPart(String name) {
        return matches(List.of(name));
    }

    /**
     * Whether every name that the other matches is certainly matched by this: true only where the globs show it part by
     * part.
     */
    public boolean includes(NamePattern other) {
        String probe = other.glob.replace("**", String.valueOf(ANY_PARTS)).replace('*', ANY_CHARACTERS);
        return compile(glob, "[^." + ANY_PARTS + "]*").matcher(probe).matches();
    }

    /** Whether a name in that catalog can match: false only where the glob's beginning rules it out. */
    public boolean reaches(String catalog) {
        int dot = glob.indexOf('.');
        int across = glob.indexOf("**");
        String first = across >= 0 && (dot < 0 || across < dot)
                ? glob.substring(0, across) + "*"
                : glob.substring(0, dot < 0 ? glob.length() : dot);
        return new NamePattern(first).matchesPart(catalog);
    }

    /** Whether no wildcard is in it. */
    public boolean exact() {
        return glob.indexOf('*') < 0;
    }

    /** How many dotted parts it has; -1 where {@code **} leaves that open. */
    public int partCount() {
        return glob.contains("**") ? -1 : glob.split("\\.", -1).length;
    }

    private boolean matches(List<String> parts) {
        StringBuilder name = new StringBuilder();
        for (String part : parts) {
            name.append(name.length() == 0 ? "" : ".").append(part.replace('.', DOT_WITHIN_PART));
        }
        return matches(name.toString());
    }

    private static Pattern compile(String glob, String withinPart) {
        StringBuilder regex = new StringBuilder();
        int at = 0;
        while (at < glob.length()) {
            if (glob.startsWith("**", at)) {
                regex.append(".*");
                at += 2;
            } else if (glob.charAt(at) == '*') {
                regex.append(withinPart);
                at++;
            } else {
                int end = glob.indexOf('*', at) < 0 ? glob.length() : glob.indexOf('*', at);
                regex.append(Pattern.quote(glob.substring(at, end)));
                at = end;
            }
        }
        return Pattern.compile(regex.toString(), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.DOTALL);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof NamePattern that && glob.equals(that.glob);
    }

    @Override
    public int hashCode() {
        return glob.hashCode();
    }

    @Override
    public String toString() {
        return glob;
    }
}
