package dev.nicol.server.differential;

import static dev.nicol.server.differential.Part.of;

import dev.nicol.server.differential.Fixture.Column;
import dev.nicol.server.differential.Fixture.Table;
import dev.nicol.server.differential.Fixture.Type;
import dev.nicol.server.differential.Part.Kind;
import dev.nicol.server.differential.Scope.Field;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Random queries over what one reader may see. Tables are written <code>$people</code>; the same seed, the same query. */
final class Generator {
    /** Mostly small: what is large is slow, and rarely finds more. */
    private static final List<Integer> DEPTHS = List.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3);

    private static final String WITH = "w";

    private final Random random;
    private final Rights rights;
    private final Expressions expressions;
    private final List<Field> shared = new ArrayList<>();
    private int aliases;

    Generator(Random random, Rights rights) {
        this.random = random;
        this.rights = rights;
        this.expressions = new Expressions(random, this, rights);
    }

    Expressions expressions() {
        return expressions;
    }

    /**
     * A statement.
     *
     * @param ordered whether its rows come in one order only
     * @param counted whether only their number is certain
     */
    record Statement(Part part, boolean ordered, boolean counted) {
        String text() {
            return part.text();
        }

        Statement with(Part other) {
            return new Statement(other, ordered, counted);
        }

        /** The text with the values that go beside it. */
        @Override
        public String toString() {
            List<Object> parameters = part.parameters();
            return parameters.isEmpty() ? text() : text() + " with " + parameters;
        }
    }

    static Statement statement(long seed, Rights rights) {
        return new Generator(new Random(seed), rights).statement();
    }

    static Table table(String name) {
        return Fixture.TABLES.stream()
                .filter(table -> table.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private Statement statement() {
        Part with = random.nextInt(6) == 0 ? with() : Part.fixed();
        List<Type> types = types(1 + random.nextInt(3));
        int depth = DEPTHS.get(random.nextInt(DEPTHS.size()));
        Part query = query(types, new Scope(List.of(), null), depth);
        boolean ordered = random.nextInt(3) == 0;
        boolean limited = random.nextInt(ordered ? 2 : 8) == 0;
        List<Part> ordinals = IntStream.rangeClosed(1, types.size())
                .mapToObj(ordinal -> Part.fixed(ordinal + (random.nextBoolean() ? " DESC" : "")))
                .collect(Collectors.toCollection(ArrayList::new));
        Collections.shuffle(ordinals, random);
        Part order = ordered ? Part.clause(" ORDER BY ", Part.fixed(join(ordinals))) : Part.fixed();
        Part limit = limited
                ? Part.clause(" LIMIT " + random.nextInt(6) + (random.nextBoolean() ? " OFFSET 1" : ""))
                : Part.fixed();
        return new Statement(Part.fixed(with, query, order, limit), ordered, limited && !ordered);
    }

    private static String join(List<Part> parts) {
        return parts.stream().map(Part::text).collect(Collectors.joining(", "));
    }

    private Part with() {
        List<Type> types = types(1 + random.nextInt(3));
        Part query = query(types, new Scope(List.of(), null), 1);
        for (int i = 0; i < types.size(); i++) {
            shared.add(new Field("c" + i, types.get(i), null, "c" + i));
        }
        return Part.clause("WITH " + WITH + " AS (", query, ") ");
    }

    private List<Type> types(int count) {
        return IntStream.range(0, count).mapToObj(i -> expressions.type()).toList();
    }

    /** A query with columns <code>c0, c1, ...</code> of these types. */
    Part query(List<Type> types, Scope outer, int depth) {
        if (depth <= 1 || random.nextInt(7) > 0) {
            return select(types, outer, depth);
        }
        String operator = List.of(
                        "UNION", "UNION ALL", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL", "INTERSECT ALL")
                .get(random.nextInt(7));
        return of(
                Kind.QUERY,
                "(",
                select(types, outer, depth - 1),
                ") " + operator + " (",
                select(types, outer, depth - 1),
                ")");
    }

    /** A query of one row and one column. */
    Part aggregate(Type type, Scope outer, int depth) {
        From from = from(outer, depth);
        return of(
                Kind.QUERY,
                "SELECT ",
                aggregated(type, from.scope, depth),
                " FROM ",
                from.part,
                where(from.scope, depth));
    }

    private Part select(List<Type> types, Scope outer, int depth) {
        if (random.nextInt(30) == 0) {
            return values(types);
        }
        From from = from(outer, depth);
        if (random.nextInt(10) < 3) {
            return grouped(types, from, depth);
        }
        String distinct = random.nextInt(10) == 0 ? "DISTINCT " : "";
        List<Part> items = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            Part item = random.nextInt(9) == 0
                    ? windowed(types.get(i), from.scope)
                    : expressions.any(types.get(i), from.scope, depth);
            items.add(of(Kind.FIXED, item, " AS c" + i));
        }
        return of(Kind.QUERY, "SELECT " + distinct, Part.list(items), " FROM ", from.part, where(from.scope, depth));
    }

    /** Two literal rows. */
    Part values(List<Type> types) {
        List<Part> rows = new ArrayList<>();
        for (int row = 0; row < 2; row++) {
            List<Object> pieces = new ArrayList<>();
            types.forEach(type -> {
                pieces.add(pieces.isEmpty() ? "(" : ", ");
                pieces.add(expressions.literal(type));
            });
            pieces.add(")");
            rows.add(Part.fixed(pieces.toArray()));
        }
        String names = IntStream.range(0, types.size()).mapToObj(i -> "c" + i).collect(Collectors.joining(", "));
        return of(Kind.QUERY, "SELECT * FROM (VALUES ", Part.list(rows), ") AS v" + aliases++ + "(" + names + ")");
    }

    private Part where(Scope scope, int depth) {
        return random.nextInt(10) < 6 ? Part.clause(" WHERE ", expressions.condition(scope, depth)) : Part.fixed();
    }

    private Part grouped(List<Type> types, From from, int depth) {
        List<String> keys = new ArrayList<>();
        List<Part> items = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            Type wanted = types.get(i);
            Field key = random.nextBoolean() ? new Scope(from.scope.fields(), null).any(random, wanted) : null;
            if (key != null && !keys.contains(key.name())) {
                keys.add(key.name());
            }
            Part item = key != null ? of(wanted.part, key.name()) : aggregated(wanted, from.scope, depth);
            items.add(of(Kind.FIXED, item, " AS c" + i));
        }
        Part having = random.nextInt(3) == 0
                ? Part.clause(
                        " HAVING ",
                        of(
                                Kind.CONDITION,
                                aggregated(Type.INTEGER, from.scope, depth),
                                " > ",
                                expressions.literal(Type.INTEGER)))
                : Part.fixed();
        return of(
                Kind.QUERY,
                "SELECT ",
                Part.list(items),
                " FROM ",
                from.part,
                where(from.scope, depth),
                groups(keys),
                having);
    }

    private Part groups(List<String> keys) {
        if (keys.isEmpty()) {
            return Part.fixed();
        }
        String all = String.join(", ", keys);
        return Part.clause(
                " GROUP BY ",
                switch (random.nextInt(8)) {
                    case 0 -> "ROLLUP (" + all + ")";
                    case 1 -> "CUBE (" + all + ")";
                    case 2 -> "GROUPING SETS ((" + all + "), (" + keys.get(0) + "), ())";
                    default -> all;
                });
    }

    private Part aggregated(Type type, Scope scope, int depth) {
        Scope own = new Scope(scope.fields(), null);
        Part filter = random.nextInt(5) == 0
                ? Part.clause(" FILTER (WHERE ", expressions.condition(own, 1), ")")
                : Part.fixed();
        String distinct = random.nextInt(5) == 0 ? "DISTINCT " : "";
        if (type == Type.INTEGER && random.nextBoolean()) {
            return random.nextBoolean()
                    ? of(Kind.INTEGER, "COUNT(*)", filter)
                    : of(Kind.INTEGER, "COUNT(" + distinct, expressions.any(expressions.type(), own, 1), ")", filter);
        }
        boolean number = type == Type.INTEGER || type == Type.DECIMAL;
        String function = number && random.nextBoolean()
                ? "SUM"
                : type == Type.DECIMAL && random.nextInt(4) == 0 ? "AVG" : random.nextBoolean() ? "MIN" : "MAX";
        return of(type.part, function + "(" + distinct, expressions.any(type, own, Math.min(depth, 2)), ")", filter);
    }

    private Part windowed(Type type, Scope scope) {
        Scope own = new Scope(scope.fields(), null);
        Part partition = random.nextBoolean()
                ? Part.clause("PARTITION BY ", expressions.any(expressions.type(), own, 0))
                : Part.fixed();
        Part order = Part.clause(" ORDER BY ", expressions.any(expressions.type(), own, 1));
        if (type == Type.INTEGER && random.nextBoolean()) {
            String rank = random.nextBoolean() ? "RANK()" : "DENSE_RANK()";
            return of(Kind.INTEGER, rank + " OVER (", partition, order, ")");
        }
        boolean number = type == Type.INTEGER || type == Type.DECIMAL;
        String function = number && random.nextBoolean() ? "SUM" : random.nextBoolean() ? "MIN" : "MAX";
        return of(
                type.part,
                function + "(",
                expressions.any(type, own, 1),
                ") OVER (",
                partition,
                random.nextBoolean() ? order : Part.fixed(),
                ")");
    }

    private record From(Part part, Scope scope) {}

    private From from(Scope outer, int depth) {
        From left = factor(outer, depth);
        if (random.nextInt(5) < 2 || depth <= 0) {
            return left;
        }
        From joined = join(left, outer, depth);
        return depth > 1 && random.nextInt(5) == 0 ? join(joined, outer, 0) : joined;
    }

    private From join(From left, Scope outer, int depth) {
        From right = factor(outer, depth - 1);
        List<Field> both = new ArrayList<>(left.scope.fields());
        both.addAll(right.scope.fields());
        Scope scope = new Scope(both, outer);
        int die = random.nextInt(12);
        if (die < 8) {
            String kind = List.of(
                            "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "JOIN", "LEFT JOIN")
                    .get(die);
            Part on = on(left.scope, right.scope, new Scope(both, null));
            return new From(of(Kind.FROM, left.part, " " + kind + " ", right.part, " ON ", on), scope);
        } else if (die == 8) {
            return new From(of(Kind.FROM, left.part, " CROSS JOIN ", right.part), scope);
        } else if (die == 9) {
            return new From(of(Kind.FROM, left.part, ", ", right.part), scope);
        } else if (die == 10) {
            return lateral(left, outer);
        }
        return using(left, right, outer);
    }

    /** Mostly what makes few rows of many. */
    private Part on(Scope left, Scope right, Scope both) {
        Type type = random.nextInt(3) == 0 ? Type.TEXT : Type.INTEGER;
        Field one = left.any(random, type);
        Field other = right.any(random, type);
        if (one == null || other == null || random.nextInt(6) == 0) {
            return expressions.condition(both, 1);
        }
        Part equal = of(Kind.CONDITION, one.name() + " = " + other.name());
        return random.nextBoolean() ? equal : of(Kind.CONDITION, equal, " AND ", expressions.condition(both, 1));
    }

    private From using(From left, From right, Scope outer) {
        List<String> common = left.scope.fields().stream()
                .map(Field::column)
                .filter(name -> right.scope.fields().stream()
                        .anyMatch(field -> field.column().equals(name)))
                .toList();
        if (common.isEmpty() || left.part.pieces().size() > 1) {
            return new From(
                    of(Kind.FROM, left.part, " CROSS JOIN ", right.part),
                    new Scope(concat(left.scope.fields(), right.scope.fields()), outer));
        }
        String column = common.get(random.nextInt(common.size()));
        List<Field> fields = concat(left.scope.fields(), right.scope.fields());
        Field merged = fields.stream()
                .filter(field -> field.column().equals(column))
                .findFirst()
                .orElseThrow();
        fields.removeIf(field -> field.column().equals(column));
        fields.add(new Field(column, merged.type(), null, column));
        String kind = List.of("JOIN", "LEFT JOIN", "FULL JOIN").get(random.nextInt(3));
        return new From(
                of(Kind.FROM, left.part, " " + kind + " ", right.part, " USING (" + column + ")"),
                new Scope(fields, outer));
    }

    private static List<Field> concat(List<Field> left, List<Field> right) {
        List<Field> both = new ArrayList<>(left);
        both.addAll(right);
        return both;
    }

    private From lateral(From left, Scope outer) {
        List<Type> types = types(1 + random.nextInt(2));
        String alias = "t" + aliases++;
        Part query = select(types, new Scope(left.scope.fields(), outer), 1);
        String kind = random.nextBoolean() ? " CROSS JOIN LATERAL (" : " LEFT JOIN LATERAL (";
        return new From(
                of(Kind.FROM, left.part, kind, query, ") AS " + alias + (kind.startsWith(" LEFT") ? " ON TRUE" : "")),
                new Scope(concat(left.scope.fields(), made(alias, types)), outer));
    }

    private static List<Field> made(String alias, List<Type> types) {
        return IntStream.range(0, types.size())
                .mapToObj(i -> new Field(alias + ".c" + i, types.get(i), null, "c" + i))
                .toList();
    }

    private From factor(Scope outer, int depth) {
        String alias = "t" + aliases++;
        if (!shared.isEmpty() && random.nextInt(3) == 0) {
            List<Field> fields = shared.stream()
                    .map(field -> new Field(alias + "." + field.name(), field.type(), null, field.column()))
                    .toList();
            return new From(of(Kind.FROM, WITH + " AS " + alias), new Scope(fields, outer));
        } else if (depth > 1 && random.nextInt(4) == 0) {
            List<Type> types = types(1 + random.nextInt(3));
            Part query = query(types, new Scope(List.of(), null), depth - 1);
            return new From(of(Kind.FROM, "(", query, ") AS " + alias), new Scope(made(alias, types), outer));
        }
        Table table = Fixture.TABLES.get(List.of(0, 0, 0, 1, 1, 2).get(random.nextInt(6)));
        // Now and then a column that does not exist for the reader.
        List<Column> columns = random.nextInt(60) == 0 ? table.columns() : rights.columns(table);
        List<Field> fields = columns.stream()
                .map(column -> new Field(alias + "." + column.name(), column.type(), table.name(), column.name()))
                .toList();
        return new From(of(Kind.FROM, "$" + table.name() + " AS " + alias), new Scope(fields, outer));
    }
}
