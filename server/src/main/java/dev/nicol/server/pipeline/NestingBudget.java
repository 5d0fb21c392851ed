package dev.nicol.server.pipeline;

import static dev.nicol.server.parser.NicolSqlParserConstants.*;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.parser.Token;

/**
 * Bounds how deep a statement's tree can become, token by token, before the grammar is tried: the grammar is recursive
 * (a level costs it some twenty stack frames), takes quadratic time over long runs of operators, and every later walk
 * over the tree is recursive too.
 */
final class NestingBudget {
    /** Deepest nesting of parentheses, brackets and CASE, and longest run of signs and the like. */
    static final int NESTING_LIMIT = 200;

    /** Most operators in one expression, counted between commas on one level of parentheses. Each nests the tree by one. */
    static final int OPERATORS_LIMIT = 2_000;

    private final int[] operators = new int[NESTING_LIMIT + 2];
    private int nesting;
    private int prefixes;

    /**
     * Accounts for the next token.
     *
     * @throws NicolException SYNTAX once a limit is passed
     */
    void spend(Token token) {
        prefixes = isPrefix(token.kind) ? prefixes + 1 : 0;
        if (isOperator(token.kind) || opens(token.kind)) {
            operators[nesting]++;
        } else if (token.kind == COMMA) {
            operators[nesting] = 0;
        }
        if (operators[nesting] > OPERATORS_LIMIT) {
            throw tooLarge("one expression of more than " + OPERATORS_LIMIT + " operators", token);
        }
        if (opens(token.kind)) {
            nesting++;
            operators[nesting] = 0;
        } else if (closes(token.kind) && nesting > 0) {
            nesting--;
        }
        if (nesting > NESTING_LIMIT || prefixes > NESTING_LIMIT) {
            throw tooLarge("nested more than " + NESTING_LIMIT + " levels deep", token);
        }
    }

    private static NicolException tooLarge(String what, Token token) {
        return NicolError.SYNTAX.because("The statement is " + what + " at "
                + StatementText.position(token.beginLine, token.beginColumn)
                + ". Write it with IN, with fewer parentheses, or in steps with WITH.");
    }

    private static boolean opens(int kind) {
        return kind == LPAREN || kind == LBRACKET || kind == CASE;
    }

    private static boolean closes(int kind) {
        return kind == RPAREN || kind == RBRACKET || kind == END;
    }

    /** Words and signs that nest by mere repetition. */
    private static boolean isPrefix(int kind) {
        return switch (kind) {
            case MINUS, PLUS, NOT, EXISTS, EXPLAIN, POLICY, FOR -> true;
            default -> false;
        };
    }

    private static boolean isOperator(int kind) {
        return switch (kind) {
            case AND, OR, NOT, PLUS, MINUS, STAR, SLASH, PERCENT_REMAINDER, CONCAT, INFIX_CAST, DOT -> true;
            case IS, EQ, NE, NE2, LT, LE, GT, GE, IN, BETWEEN, LIKE, ILIKE, RLIKE, SIMILAR -> true;
            case UNION, EXCEPT, SET_MINUS, INTERSECT, JOIN, APPLY, ARRAY, MULTISET -> true;
            default -> false;
        };
    }
}
