package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.parser.NicolSqlParserConstants;
import dev.nicol.server.parser.NicolSqlParserTokenManager;
import dev.nicol.server.parser.SimpleCharStream;
import dev.nicol.server.parser.Token;
import dev.nicol.server.parser.TokenMgrError;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A statement as its tokens: what can be said before the grammar is tried. Read with the grammar's own lexer, so that the
 * two never disagree about where a text or a comment ends.
 *
 * @param words the leading words, upper case, at most {@value #LEADING_WORDS}
 * @param firstLine line of the first token, from 1
 * @param firstColumn column of the first token, from 1
 */
record StatementText(List<String> words, int firstLine, int firstColumn) {
    /** Longest statement that is read, in characters. */
    static final int STATEMENT_CHARS_LIMIT = 1_000_000;

    private static final int LEADING_WORDS = 4;
    private static final Pattern LEXICAL_POSITION = Pattern.compile("(?s).*?line (\\d+), column (\\d+).*");

    /**
     * Reads all of {@code sql}.
     *
     * @throws NicolException SYNTAX for an empty text, an unreadable character or too deep a nesting; OUT_OF_BUDGET for
     *     too long a text; NOT_SUPPORTED for more than one statement
     */
    static StatementText of(String sql) {
        if (sql.length() > STATEMENT_CHARS_LIMIT) {
            throw NicolError.OUT_OF_BUDGET.because("The statement has " + sql.length()
                    + " characters; the limit is " + STATEMENT_CHARS_LIMIT
                    + ". Send values as parameters, or in several statements.");
        }
        NicolSqlParserTokenManager tokens = lexer(sql);
        List<String> words = new ArrayList<>(LEADING_WORDS);
        boolean leading = true;
        boolean ended = false;
        NestingBudget budget = new NestingBudget();
        Token first = null;
        try {
            for (Token token = tokens.getNextToken();
                    token.kind != NicolSqlParserConstants.EOF;
                    token = tokens.getNextToken()) {
                if (ended && token.kind != NicolSqlParserConstants.SEMICOLON) {
                    throw NicolError.NOT_SUPPORTED.because(
                            "Only one statement at a time is supported; a second one begins at "
                                    + position(token.beginLine, token.beginColumn) + ". Send it by itself.");
                }
                if (token.kind == NicolSqlParserConstants.SEMICOLON) {
                    ended = true;
                    continue;
                }
                first = first == null ? token : first;
                leading = leading && words.size() < LEADING_WORDS && Character.isLetter(token.image.charAt(0));
                if (leading) {
                    words.add(token.image.toUpperCase(Locale.ROOT));
                }
                budget.spend(token);
            }
        } catch (TokenMgrError unreadable) {
            throw unreadable(sql, unreadable);
        }
        if (first == null) {
            throw NicolError.SYNTAX.because("The statement is empty. Send a SQL statement.");
        }
        return new StatementText(List.copyOf(words), first.beginLine, first.beginColumn);
    }

    /** The grammar's own, as it reads a statement. */
    static NicolSqlParserTokenManager lexer(String sql) {
        NicolSqlParserTokenManager tokens =
                new NicolSqlParserTokenManager(new SimpleCharStream(new StringReader(sql), 1, 1));
        tokens.SwitchTo(NicolSqlParserConstants.DQID);
        return tokens;
    }

    static String position(int line, int column) {
        return "line " + line + ", column " + column;
    }

    private static NicolException unreadable(String sql, TokenMgrError failure) {
        String message = failure.getMessage() == null ? "" : failure.getMessage();
        Matcher at = LEXICAL_POSITION.matcher(message);
        if (!at.matches() || message.contains("<EOF>")) {
            return NicolError.SYNTAX.because(
                    "Syntax error at the end of the statement: a comment is not closed. Close it with `*/`.");
        }
        return SyntaxMessage.unreadable(sql, Integer.parseInt(at.group(1)), Integer.parseInt(at.group(2)));
    }
}
