package dev.nicol.server.differential;

import static dev.nicol.server.differential.Part.of;

import dev.nicol.server.differential.Fixture.Row;
import dev.nicol.server.differential.Fixture.Table;
import dev.nicol.server.differential.Fixture.Type;
import dev.nicol.server.differential.Part.Kind;
import dev.nicol.server.differential.Scope.Field;
import java.math.BigDecimal;
import java.sql.Date;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Random expressions of a wanted type over a scope. */
final class Expressions {
    private static final List<String> COMPARISONS = List.of("=", "<>", "<", "<=", ">", ">=");
    private static final List<Type> TYPES = List.of(Type.values());

    private final Random random;
    private final Generator queries;
    private final Rights rights;

    /** Whether values go beside the statement, mostly. */
    private final boolean prepared;

    Expressions(Random random, Generator queries, Rights rights) {
        this.random = random;
        this.queries = queries;
        this.rights = rights;
        this.prepared = random.nextInt(8) == 0;
    }

    Type type() {
        return TYPES.get(random.nextInt(10) < 4 ? 0 : random.nextInt(10) < 6 ? 2 : random.nextInt(4));
    }

    /** An expression of a type. */
    Part any(Type type, Scope scope, int depth) {
        if (depth <= 0 || random.nextInt(3) == 0) {
            return leaf(type, scope);
        }
        int die = random.nextInt(12);
        if (die == 0) {
            return of(
                    type.part,
                    "CASE WHEN ",
                    condition(scope, depth - 1),
                    " THEN ",
                    any(type, scope, depth - 1),
                    " ELSE ",
                    any(type, scope, depth - 1),
                    " END");
        } else if (die == 1) {
            return of(type.part, "COALESCE(", any(type, scope, depth - 1), ", ", any(type, scope, 0), ")");
        } else if (die == 2) {
            return of(type.part, "NULLIF(", any(type, scope, depth - 1), ", ", leaf(type, scope), ")");
        } else if (die == 3 && depth > 1) {
            return of(type.part, "(", queries.aggregate(type, scope, depth - 1), ")");
        } else if (die < 6) {
            Part risky = risky(type, scope);
            if (risky != null) {
                return risky;
            }
        }
        return switch (type) {
            case INTEGER -> integer(scope, depth);
            case DECIMAL -> decimal(scope, depth);
            case TEXT -> text(scope, depth);
            case DATE -> date(scope, depth);
        };
    }

    private Part leaf(Type type, Scope scope) {
        Field field = random.nextInt(5) == 0 ? null : scope.any(random, type);
        return field == null ? literal(type) : of(type.part, field.name());
    }

    /** A value that is stored somewhere, shown or not, or one that is nowhere. */
    Part literal(Type type) {
        return literal(type, "CAST(? AS " + sql(type) + ")");
    }

    /** The same where its type is known from what is beside it. */
    private Part compared(Type type) {
        return literal(type, "?");
    }

    private Part literal(Type type, String beside) {
        if (random.nextInt(25) == 0) {
            return of(type.part, "CAST(NULL AS " + sql(type) + ")");
        }
        Table table = Fixture.TABLES.get(random.nextInt(3));
        List<Row> rows = random.nextBoolean() ? table.rows() : rights.rows(table);
        List<Object> values = new ArrayList<>();
        table.columns().stream().filter(column -> column.type() == type).forEach(column -> rows.stream()
                .map(row -> row.value(column.name()))
                .filter(Objects::nonNull)
                .forEach(values::add));
        Object value = values.isEmpty()
                ? switch (type) {
                    case INTEGER -> 3;
                    case DECIMAL -> new BigDecimal("1.50");
                    case TEXT -> "12";
                    case DATE -> Date.valueOf("2001-01-01");
                }
                : values.get(random.nextInt(values.size()));
        return prepared && random.nextInt(3) > 0
                ? of(type.part, new Part.Given(value, beside))
                : of(type.part, sql(type, value));
    }

    /** A literal. */
    static String sql(Type type, Object value) {
        return switch (type) {
            case INTEGER, DECIMAL -> value.toString();
            case TEXT -> quoted(value.toString());
            case DATE -> "DATE '" + value + "'";
        };
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    static String sql(Type type) {
        return switch (type) {
            case INTEGER -> "INTEGER";
            case DECIMAL -> "DECIMAL(10, 2)";
            case TEXT -> "VARCHAR(30)";
            case DATE -> "DATE";
        };
    }

    private Part integer(Scope scope, int depth) {
        return switch (random.nextInt(9)) {
            case 0, 1 -> of(Kind.INTEGER, "(", leaf(Type.INTEGER, scope), " + ", leaf(Type.INTEGER, scope), ")");
            case 2 -> of(Kind.INTEGER, "(", any(Type.INTEGER, scope, depth - 1), " - ", leaf(Type.INTEGER, scope), ")");
            case 3 -> of(Kind.INTEGER, "ABS(", any(Type.INTEGER, scope, depth - 1), ")");
            case 4 -> of(Kind.INTEGER, "CHAR_LENGTH(", any(Type.TEXT, scope, depth - 1), ")");
            case 5 -> of(Kind.INTEGER, "EXTRACT(YEAR FROM ", any(Type.DATE, scope, depth - 1), ")");
            case 6 -> of(Kind.INTEGER, "MOD(", any(Type.INTEGER, scope, depth - 1), ", 7)");
            case 7 -> of(Kind.INTEGER, "POSITION('A' IN ", any(Type.TEXT, scope, depth - 1), ")");
            default -> of(Kind.INTEGER, "-(", leaf(Type.INTEGER, scope), ")");
        };
    }

    private Part decimal(Scope scope, int depth) {
        return switch (random.nextInt(4)) {
            case 0 -> of(Kind.DECIMAL, "(", any(Type.DECIMAL, scope, depth - 1), " + ", leaf(Type.DECIMAL, scope), ")");
            case 1 -> of(Kind.DECIMAL, "(", leaf(Type.DECIMAL, scope), " * 2)");
            case 2 -> of(Kind.DECIMAL, "CAST(", any(Type.INTEGER, scope, depth - 1), " AS DECIMAL(18, 2))");
            default -> of(Kind.DECIMAL, "(", leaf(Type.DECIMAL, scope), " - ", leaf(Type.DECIMAL, scope), ")");
        };
    }

    private Part text(Scope scope, int depth) {
        return switch (random.nextInt(7)) {
            case 0, 1 -> of(Kind.TEXT, "(", any(Type.TEXT, scope, depth - 1), " || ", leaf(Type.TEXT, scope), ")");
            case 2 -> of(Kind.TEXT, "UPPER(", any(Type.TEXT, scope, depth - 1), ")");
            case 3 ->
                of(
                        Kind.TEXT,
                        "SUBSTRING(",
                        any(Type.TEXT, scope, depth - 1),
                        " FROM " + (1 + random.nextInt(4)) + " FOR " + (1 + random.nextInt(5)) + ")");
            case 4 -> of(Kind.TEXT, "TRIM(BOTH 'A' FROM ", any(Type.TEXT, scope, depth - 1), ")");
            case 5 -> of(Kind.TEXT, "CAST(", any(Type.INTEGER, scope, depth - 1), " AS VARCHAR(30))");
            default -> of(Kind.TEXT, "CAST(", any(Type.TEXT, scope, depth - 1), " AS VARCHAR(80))");
        };
    }

    private Part date(Scope scope, int depth) {
        return random.nextBoolean()
                ? of(Kind.DATE, "(", any(Type.DATE, scope, depth - 1), " + INTERVAL '" + random.nextInt(40) + "' DAY)")
                : leaf(Type.DATE, scope);
    }

    /** What fails on some rows of a stored table; null where the scope has no column for it. */
    private @Nullable Part risky(Type type, Scope scope) {
        return switch (type) {
            case INTEGER ->
                switch (random.nextInt(4)) {
                    case 0 -> divided(scope);
                    case 1 -> overflowing(scope);
                    default -> parsed(scope, Type.INTEGER);
                };
            case DATE -> parsed(scope, Type.DATE);
            case DECIMAL -> parsed(scope, Type.DECIMAL);
            case TEXT -> null;
        };
    }

    private @Nullable Part divided(Scope scope) {
        Field field = stored(scope, Type.INTEGER);
        int zero = random.nextInt(5);
        return field == null
                ? null
                : risking(Type.INTEGER, "(1000 / (" + field.name() + " - " + zero + "))", field, row -> {
                    Integer value = row.integer(field.column());
                    return value != null && value == zero;
                });
    }

    private @Nullable Part overflowing(Scope scope) {
        Field field = stored(scope, Type.INTEGER);
        return field == null
                ? null
                : risking(Type.INTEGER, "(" + field.name() + " * 1000000000 / 1000000000)", field, row -> {
                    Integer value = row.integer(field.column());
                    return value != null && Math.abs((long) value) > 2;
                });
    }

    private @Nullable Part parsed(Scope scope, Type type) {
        Field field = stored(scope, Type.TEXT);
        String shape = type == Type.DATE ? "(19|20)\\d\\d-0[1-9]-[01]\\d" : "-?\\d{1,8}";
        return field == null
                ? null
                : risking(type, "CAST(" + field.name() + " AS " + sql(type) + ")", field, row -> {
                    String value = row.text(field.column());
                    return value != null && !value.matches(shape);
                });
    }

    private static Part risking(Type type, String sql, Field field, Predicate<Row> fails) {
        return of(type.part, sql).risking(new Risk(Objects.requireNonNull(field.table()), fails));
    }

    private @Nullable Field stored(Scope scope, Type type) {
        Field field = scope.any(random, type);
        boolean known = field != null
                && field.table() != null
                && rights.columns(Generator.table(field.table())).stream()
                        .anyMatch(column -> column.name().equals(field.column()));
        return known ? field : null;
    }

    Part condition(Scope scope, int depth) {
        int die = depth <= 0 ? random.nextInt(7) : random.nextInt(16);
        Type type = type();
        return switch (die) {
            case 0, 1, 2 ->
                of(Kind.CONDITION, any(type, scope, depth), " " + comparison() + " ", any(type, scope, depth - 1));
            case 3 -> of(Kind.CONDITION, any(type, scope, depth), random.nextBoolean() ? " IS NULL" : " IS NOT NULL");
            case 4 ->
                of(Kind.CONDITION, leaf(type, scope), not() + " BETWEEN ", compared(type), " AND ", leaf(type, scope));
            case 5 ->
                of(
                        Kind.CONDITION,
                        any(type, scope, depth - 1),
                        not() + " IN (",
                        Part.list(List.of(compared(type), literal(type), compared(type))),
                        ")");
            case 6 -> like(scope, depth);
            case 7, 8 ->
                of(
                        Kind.CONDITION,
                        "(",
                        condition(scope, depth - 1),
                        random.nextBoolean() ? " AND " : " OR ",
                        condition(scope, depth - 1),
                        ")");
            case 9 -> of(Kind.CONDITION, "NOT (", condition(scope, depth - 1), ")");
            case 10 ->
                of(
                        Kind.CONDITION,
                        any(type, scope, depth - 1),
                        " IS " + (random.nextBoolean() ? "NOT " : "") + "DISTINCT FROM ",
                        leaf(type, scope));
            case 11 -> of(Kind.CONDITION, "(", condition(scope, depth - 1), ") IS" + not() + " TRUE");
            default -> subQuery(type, scope, depth, die);
        };
    }

    private Part subQuery(Type type, Scope scope, int depth, int die) {
        return switch (die) {
            case 12 -> of(Kind.CONDITION, not() + " EXISTS (", queries.query(List.of(type), scope, depth - 1), ")");
            case 13 ->
                of(
                        Kind.CONDITION,
                        leaf(type, scope),
                        " " + comparison() + (random.nextBoolean() ? " ANY (" : " ALL ("),
                        queries.query(List.of(type), scope, depth - 1),
                        ")");
            case 14 ->
                of(
                        Kind.CONDITION,
                        "(",
                        leaf(type, scope),
                        ", ",
                        leaf(Type.TEXT, scope),
                        ") IN (",
                        queries.query(List.of(type, Type.TEXT), scope, depth - 1),
                        ")");
            default ->
                of(
                        Kind.CONDITION,
                        any(type, scope, depth - 1),
                        not() + " IN (",
                        queries.query(List.of(type), scope, depth - 1),
                        ")");
        };
    }

    private Part like(Scope scope, int depth) {
        String pattern = List.of("%A%", "B_B", "_%", "*%", "%1", "#%0#%%", "A\\%", "%***%", "%#__", "O'N%", "")
                .get(random.nextInt(11));
        String escape = pattern.contains("#") || random.nextInt(6) == 0 ? " ESCAPE '#'" : "";
        return of(Kind.CONDITION, any(Type.TEXT, scope, depth - 1), not() + " LIKE " + quoted(pattern) + escape);
    }

    private String not() {
        return random.nextInt(3) == 0 ? " NOT" : "";
    }

    private String comparison() {
        return COMPARISONS.get(random.nextInt(COMPARISONS.size()));
    }
}
