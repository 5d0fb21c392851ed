package dev.nicol.server.pipeline;

import static dev.nicol.server.parser.NicolSqlParserConstants.*;

import dev.nicol.server.parser.NicolSqlParserTokenManager;
import dev.nicol.server.parser.Token;
import dev.nicol.server.parser.TokenMgrError;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.jspecify.annotations.Nullable;

/**
 * A query with {@code ?} in place of literals, and these literals' values: what queries that differ in nothing else have in
 * common. Only what a column is compared with is lifted, {@code column = 7} or {@code column < 'x'}, and only where every
 * condition is joined to the others by AND: then no value can make a condition hold for all rows, so that whatever is allowed
 * without knowing the values is allowed with them.
 *
 * @param text tokens with one space between them
 * @param values a Long or a String each, in the order of the {@code ?}
 */
record LiftedLiterals(String text, List<Object> values) {
    /** Longest statement that is looked at, in characters. */
    static final int MOST_CHARACTERS = 4_000;

    /** Most literals of one statement. */
    static final int MOST_LITERALS = 16;

    private static final int MOST_DIGITS = 18;
    private static final Set<Integer> COMPARISONS = Set.of(EQ, LT, GT, LE, GE);
    private static final Set<Integer> BEFORE = Set.of(WHERE, AND, ON);
    private static final Set<Integer> AFTER = Set.of(AND, EOF, ORDER, GROUP, HAVING, LIMIT, OFFSET, FETCH);

    /** What has more than one truth in it, is no plain query, or has values of its own. */
    private static final Set<Integer> REFUSED = Set.of(OR, CASE, NE, NE2, HOOK, HINT_BEG, SEMICOLON, INTO);

    LiftedLiterals {
        values = List.copyOf(values);
    }

    /** Null where no literal of the statement can be lifted. */
    static @Nullable LiftedLiterals of(String sql) {
        List<Token> tokens = sql.length() > MOST_CHARACTERS ? List.of() : tokens(sql);
        if (tokens.isEmpty() || tokens.get(0).kind != SELECT) {
            return null;
        }
        StringBuilder text = new StringBuilder(sql.length());
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < tokens.size() - 1; i++) {
            Token token = tokens.get(i);
            Object value = isCompared(tokens, i) ? value(token) : null;
            if (value != null) {
                values.add(value);
            }
            text.append(i == 0 ? "" : " ").append(value == null ? token.image : "?");
        }
        return values.isEmpty() || values.size() > MOST_LITERALS ? null : new LiftedLiterals(text.toString(), values);
    }

    /** All tokens, the end among them; none where one of them says that no literal can be lifted. */
    private static List<Token> tokens(String sql) {
        List<Token> tokens = new ArrayList<>();
        try {
            NicolSqlParserTokenManager lexer = StatementText.lexer(sql);
            Token last;
            do {
                last = lexer.getNextToken();
                boolean negates = last.kind == NULL && isIsNot(tokens);
                if (negates) {
                    tokens.get(tokens.size() - 1).kind = IS;
                }
                tokens.add(last);
                if (REFUSED.contains(last.kind)) {
                    return List.of();
                }
            } while (last.kind != EOF);
        } catch (TokenMgrError unreadable) {
            return List.of();
        }
        // what is left of NOT is no IS NOT NULL
        return tokens.stream().anyMatch(token -> token.kind == NOT) ? List.of() : tokens;
    }

    private static boolean isIsNot(List<Token> tokens) {
        int size = tokens.size();
        return size > 1 && tokens.get(size - 1).kind == NOT && tokens.get(size - 2).kind == IS;
    }

    /** Whether a token is all that a column is compared with, in a condition of its own. */
    private static boolean isCompared(List<Token> tokens, int at) {
        if (at < 3 || !COMPARISONS.contains(tokens.get(at - 1).kind)) {
            return false;
        }
        int name = at - 2;
        while (name > 1 && isName(tokens.get(name)) && tokens.get(name - 1).kind == DOT) {
            name -= 2;
        }
        int after = at + 1;
        while (tokens.get(after).kind == RPAREN) {
            after++;
        }
        boolean closed = after > at + 1;
        return isName(tokens.get(name))
                && BEFORE.contains(tokens.get(name - 1).kind)
                && (AFTER.contains(tokens.get(after).kind)
                        || closed && (tokens.get(after).kind == AS || tokens.get(after).kind == IDENTIFIER));
    }

    private static boolean isName(Token token) {
        return token.kind == QUOTED_IDENTIFIER || Character.isLetter(token.image.charAt(0));
    }

    private static @Nullable Object value(Token literal) {
        if (literal.kind == UNSIGNED_INTEGER_LITERAL && literal.image.length() <= MOST_DIGITS) {
            return Long.valueOf(literal.image);
        }
        return literal.kind == QUOTED_STRING
                ? literal.image.substring(1, literal.image.length() - 1).replace("''", "'")
                : null;
    }

    /**
     * The values as parameters of these types; null where one of them is not of the very type that the literal has, so that
     * with a parameter in its place the statement could mean something else.
     */
    @Nullable
    List<@Nullable Object> as(RelDataType parameterTypes) {
        List<RelDataTypeField> fields = parameterTypes.getFieldList();
        if (fields.size() != values.size()) {
            return null;
        }
        List<@Nullable Object> typed = new ArrayList<>(values.size());
        for (int i = 0; i < values.size(); i++) {
            Object value = as(values.get(i), fields.get(i).getType());
            if (value == null) {
                return null;
            }
            typed.add(value);
        }
        return typed;
    }

    private static @Nullable Object as(Object value, RelDataType type) {
        if (value instanceof Long number) {
            return switch (type.getSqlTypeName()) {
                case SMALLINT -> number == number.shortValue() ? (Object) number.shortValue() : null;
                case INTEGER -> number == number.intValue() ? (Object) number.intValue() : null;
                case BIGINT -> number;
                default -> null;
            };
        }
        String text = (String) value;
        boolean fits =
                switch (type.getSqlTypeName()) {
                    case CHAR, VARCHAR -> type.getPrecision() < 0 || text.length() <= type.getPrecision();
                    default -> false;
                };
        return fits ? text : null;
    }
}
