package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.parser.NicolSqlParserConstants;
import dev.nicol.server.parser.Token;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import org.apache.calcite.sql.parser.SqlParseException;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.jspecify.annotations.Nullable;

/** Says a syntax error in few words: where, what was found, what was expected when that is a short list. */
final class SyntaxMessage {
    /** More alternatives than these are named by what they are, or not at all. */
    private static final int EXPECTED_LIMIT = 5;

    /** Longest piece of the statement that a message repeats, in characters. */
    private static final int FOUND_CHARS_LIMIT = 60;

    private SyntaxMessage() {}

    /** The SYNTAX error for what the grammar refused. */
    static NicolException of(String sql, SqlParseException failure) {
        SqlParserPos at = failure.getPos();
        int[][] expected = failure.getExpectedTokenSequences();
        if (expected == null || at == null) {
            // Refused by a check inside the grammar, in its own words.
            String where = at == null ? "" : " at " + StatementText.position(at.getLineNum(), at.getColumnNum());
            return NicolError.SYNTAX.because("Syntax error" + where + ": " + plain(failure.getMessage()));
        }
        int longest = 1;
        for (int[] sequence : expected) {
            longest = Math.max(longest, sequence.length);
        }
        Token found = StatementText.tokenAfter(sql, at.getLineNum(), at.getColumnNum(), longest - 1);
        Set<String> names = names(failure.getExpectedTokenNames());
        String hint = hint(found, names);
        return NicolError.SYNTAX.because("Syntax error at "
                + StatementText.position(found.beginLine, found.beginColumn) + ": "
                + found(found) + (hint != null ? hint : expectation(names)));
    }

    /** The SYNTAX error for a character that begins no token. */
    static NicolException unreadable(String sql, int line, int column) {
        int offset = 0;
        for (int skipped = 1; skipped < line && offset >= 0; skipped++) {
            offset = sql.indexOf('\n', offset) + 1;
        }
        offset = Math.min(offset + column - 1, sql.length() - 1);
        int character = sql.codePointAt(offset);
        return NicolError.SYNTAX.because(
                "Syntax error at " + StatementText.position(line, column) + ": the character `"
                        + Character.toString(character) + "` has no meaning here. "
                        + (character == '`'
                                ? "Write names in double quotes."
                                : "Write names with other than letters, digits and _ in double quotes, texts in single quotes."));
    }

    private static String found(Token found) {
        if (found.kind == NicolSqlParserConstants.EOF) {
            return "the statement ends too early";
        }
        String image = found.image.length() > FOUND_CHARS_LIMIT
                ? found.image.substring(0, FOUND_CHARS_LIMIT) + "…"
                : found.image;
        return "found `" + image + "`";
    }

    private static @Nullable String hint(Token found, Set<String> expected) {
        if (found.kind == NicolSqlParserConstants.QUOTE) {
            return ", which begins a text that is not closed. Close it with a single quote.";
        }
        if (found.kind == NicolSqlParserConstants.DOUBLE_QUOTE) {
            return ", which begins a name that is not closed. Close it with a double quote.";
        }
        boolean word = found.image.matches("[A-Za-z_]+")
                && found.kind != NicolSqlParserConstants.IDENTIFIER
                && found.kind != NicolSqlParserConstants.EOF;
        return word && expected.contains("a name") && expected.size() > EXPECTED_LIMIT
                ? ", which is a reserved word. Write it in double quotes to use it as a name."
                : null;
    }

    private static String expectation(Set<String> names) {
        if (names.isEmpty()) {
            return ", which does not fit here.";
        }
        if (names.size() <= EXPECTED_LIMIT) {
            return "; expected " + String.join(" or ", names) + ".";
        }
        if (names.contains("a number") && names.contains("a name")) {
            return "; expected an expression.";
        }
        return names.contains("a name") ? "; expected a name." : ", which does not fit here.";
    }

    private static Set<String> names(Collection<String> tokenImages) {
        Set<String> names = new LinkedHashSet<>();
        for (String image : tokenImages) {
            if (image.startsWith("\"")) {
                names.add("`" + image.substring(1, image.length() - 1) + "`");
            } else if (image.contains("IDENTIFIER")) {
                names.add("a name");
            } else if (image.contains("STRING") || image.equals("<CHAR_STRING>")) {
                names.add("a text");
            } else if (image.contains("NUMERIC") || image.contains("INTEGER")) {
                names.add("a number");
            } else if (image.equals("<EOF>")) {
                names.add("the end of the statement");
            }
        }
        return names;
    }

    /** Calcite's own words for the checks inside its grammar are fit for users, but for Java names and line breaks. */
    private static String plain(@Nullable String message) {
        if (message == null || message.contains("java.") || message.contains("org.apache")) {
            return "a value is not one the statement can have here. Check numbers and dates for their range.";
        }
        String line = message.lines().findFirst().orElse("").strip();
        return line.toLowerCase(Locale.ROOT).endsWith(".") ? line : line + ".";
    }
}
