package dev.nicol.server.catalog;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.runtime.CalciteContextException;

/** A dotted name as a statement has it. */
public final class WrittenName {
    private static final Pattern PART = Pattern.compile("\\s*(?:\"((?:[^\"]|\"\")*)\"|([\\p{L}\\p{N}_$]+))(\\s*\\.)?");

    private WrittenName() {}

    /** The parts of the name that stands where something is wrong; empty where none does. */
    public static List<String> at(String sql, CalciteContextException located) {
        int start = 0;
        for (int line = 1; line < located.getPosLine(); line++) {
            start = sql.indexOf('\n', start) + 1;
        }
        start += located.getPosColumn() - 1;
        List<String> parts = new ArrayList<>();
        if (start < 0 || start > sql.length()) {
            return parts;
        }
        Matcher part = PART.matcher(sql).region(start, sql.length());
        boolean more = true;
        while (more && part.lookingAt()) {
            parts.add(part.group(1) == null ? part.group(2) : part.group(1).replace("\"\"", "\""));
            more = part.group(3) != null;
            part.region(part.end(), sql.length());
        }
        return parts;
    }
}
