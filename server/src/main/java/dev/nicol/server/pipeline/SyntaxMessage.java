package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.parser.NicolSqlParser;
import dev.nicol.server.parser.NicolSqlParserConstants;
import dev.nicol.server.parser.ParseException;
import dev.nicol.server.parser.Token;
import java.io.StringReader;
import java.util.Locale;
import java.util.Set;
import org.apache.calcite.avatica.util.Casing;
import org.apache.calcite.runtime.CalciteContextException;
import org.jspecify.annotations.Nullable;

/** Says a syntax error in few words: where, what was found, what was expected when that is a short list. */
final class SyntaxMessage {
    /** Longest piece of the statement that a message repeats, in characters. */
    private static final int FOUND_CHARS_LIMIT = 60;

    /** Reserved words that stand where they are on purpose: nobody means them as names. */
    private static final Set<String> CLAUSE_WORDS = Set.of(
            "AND",
            "AS",
            "BETWEEN",
            "BY",
            "CASE",
            "CREATE",
            "DELETE",
            "ELSE",
            "EXCEPT",
            "FROM",
            "GROUP",
            "HAVING",
            "IN",
            "INNER",
            "INSERT",
            "INTERSECT",
            "INTO",
            "IS",
            "JOIN",
            "LIKE",
            "LIMIT",
            "NOT",
            "ON",
            "OR",
            "SELECT",
            "THEN",
            "UNION",
            "UPDATE",
            "VALUES",
            "WHEN",
            "WHERE",
            "WITH");

    private SyntaxMessage() {}

    /**
     * The SYNTAX error for what the grammar refused. It is blamed on the furthest token the grammar looked at: with two
     * tokens of look-ahead, the one where it gave up is often a good one before it ({@code FROM} in {@code FROM WHERE}).
     */
    static NicolException of(ParseException failure) {
        if (failure.currentToken == null || failure.currentToken.next == null) {
            return NicolError.SYNTAX.because("Syntax error: the statement cannot be read.");
        }
        Token next = failure.currentToken.next;
        Token blamed = next;
        while (blamed.next != null && !isToBlame(next, failure)) {
            blamed = blamed.next;
        }
        return NicolError.SYNTAX.because(
                "Syntax error at " + StatementText.position(blamed.beginLine, blamed.beginColumn) + ": " + found(blamed)
                        + explanation(blamed, blamed == next ? expected(failure) : null));
    }

    /** Whether the token where the grammar gave up is itself the error: a stray quote, or a keyword used as a name. */
    private static boolean isToBlame(Token token, ParseException failure) {
        if (token.kind == NicolSqlParserConstants.QUOTE || token.kind == NicolSqlParserConstants.DOUBLE_QUOTE) {
            return true;
        }
        return failure.expectedTokenSequences.length != 1 && isReservedWord(token.image) && !isClauseWord(token.image);
    }

    /** The SYNTAX error for what a check inside the grammar refused, in that check's own words. */
    static NicolException of(CalciteContextException failure) {
        String reason = failure.getCause() == null ? null : failure.getCause().getMessage();
        return NicolError.SYNTAX.because("Syntax error at "
                + StatementText.position(failure.getPosLine(), failure.getPosColumn()) + ": " + plain(reason));
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

    private static String explanation(Token found, @Nullable String expected) {
        if (found.kind == NicolSqlParserConstants.QUOTE) {
            return ", which begins a text that is not closed. Close it with a single quote.";
        }
        if (found.kind == NicolSqlParserConstants.DOUBLE_QUOTE) {
            return ", which begins a name that is not closed. Close it with a double quote.";
        }
        if (isReservedWord(found.image) && !isClauseWord(found.image)) {
            return ", which is a reserved word. Write it in double quotes to use it as a name.";
        }
        if (expected != null) {
            return "; expected " + expected + ".";
        }
        return found.kind == NicolSqlParserConstants.EOF ? ". Complete it." : ", which does not fit here.";
    }

    private static boolean isClauseWord(String word) {
        return CLAUSE_WORDS.contains(word.toUpperCase(Locale.ROOT));
    }

    /** A word that the grammar takes for itself: it is no name. */
    private static boolean isReservedWord(String word) {
        if (!word.matches("[A-Za-z_]+")) {
            return false;
        }
        try {
            NicolSqlParser parser = new NicolSqlParser(new StringReader(word));
            parser.setUnquotedCasing(Casing.UNCHANGED);
            parser.setIdentifierMaxLength(word.length());
            parser.Identifier();
            return false;
        } catch (ParseException reserved) {
            return true;
        }
    }

    /** What alone could have stood at the error, if that is one thing; what JavaCC lists of several is never all. */
    private static @Nullable String expected(ParseException failure) {
        int[][] sequences = failure.expectedTokenSequences;
        return sequences.length == 1 ? name(failure.tokenImage[sequences[0][0]]) : null;
    }

    private static @Nullable String name(String tokenImage) {
        if (tokenImage.startsWith("\"")) {
            return "`" + tokenImage.substring(1, tokenImage.length() - 1) + "`";
        }
        return tokenImage.endsWith("IDENTIFIER>") ? "a name" : tokenImage.equals("<QUOTED_STRING>") ? "a text" : null;
    }

    /** Calcite's own words for the checks inside its grammar are fit for users, but for Java names and line breaks. */
    private static String plain(@Nullable String message) {
        if (message == null || message.contains("java.") || message.contains("org.apache")) {
            return "a value is not one the statement can have here. Check numbers and dates for their range.";
        }
        if (message.startsWith("Non-query expression")) {
            return "what stands here is no query. A query begins with SELECT, WITH, VALUES or TABLE.";
        }
        String line = message.lines().findFirst().orElse("").strip();
        return line.toLowerCase(Locale.ROOT).endsWith(".") ? line : line + ".";
    }
}
