package dev.nicol.server.parser;

import static dev.nicol.server.parser.NicolSqlParserConstants.*;

/** Tells queries from expressions by their first tokens. The grammar asks. */
public final class QueryStart {
    private QueryStart() {}

    /** Whether a token of kind {@code word} before one of kind {@code next} begins a query: VALUE (1), not VALUE = 1. */
    public static boolean is(int word, int next) {
        return word == SELECT || word == VALUES || word == TABLE || word == VALUE && next == LPAREN;
    }
}
