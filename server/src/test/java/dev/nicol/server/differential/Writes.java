package dev.nicol.server.differential;

import static dev.nicol.server.differential.Part.of;

import dev.nicol.server.differential.Fixture.Column;
import dev.nicol.server.differential.Fixture.Table;
import dev.nicol.server.differential.Part.Kind;
import dev.nicol.server.differential.Scope.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/** Random DELETE, UPDATE and INSERT statements of one reader; the same seed, the same statement. */
final class Writes {
    private static final String ROW = "t";

    private final Random random;
    private final Rights rights;
    private final Expressions expressions;
    private final Generator queries;

    private Writes(long seed, Rights rights) {
        this.random = new Random(seed);
        this.rights = rights;
        this.queries = new Generator(random, rights);
        this.expressions = queries.expressions();
    }

    /**
     * A write.
     *
     * @param written columns that it sets; none for DELETE
     */
    record Write(Part part, Table table, Set<String> written) {
        boolean deletes() {
            return part.text().startsWith("DELETE");
        }

        boolean inserts() {
            return part.text().startsWith("INSERT");
        }

        Write with(Part other) {
            return new Write(other, table, written);
        }

        /** Whether it sets a masked column. */
        boolean sets(Rights rights) {
            return written.stream().anyMatch(column -> rights.mask(table, table.column(column)) != null);
        }

        /** Whether it names a masked column, under whatever alias. */
        boolean names(Rights rights) {
            return Fixture.TABLES.stream().anyMatch(of -> of.columns().stream()
                    .anyMatch(column -> rights.mask(of, column) != null
                            && part.text().matches("(?s).*\\b(t\\d*\\.|USING \\()" + column.name() + "\\b.*")));
        }

        /** The text with the values that go beside it. */
        @Override
        public String toString() {
            return part.parameters().isEmpty() ? part.text() : part.text() + " with " + part.parameters();
        }
    }

    static Write write(long seed, Rights rights) {
        return new Writes(seed, rights).write();
    }

    private Write write() {
        int die = random.nextInt(10);
        Table table = Fixture.TABLES.get(List.of(0, 0, 1, 1, 2).get(random.nextInt(5)));
        if (die < 3) {
            return new Write(of(Kind.FIXED, "DELETE FROM " + named(table), where(table)), table, Set.of());
        } else if (die < 7) {
            return update(table);
        }
        return insert();
    }

    private static String named(Table table) {
        return "$" + table.name() + " AS " + ROW;
    }

    /** Columns that the reader has, masked ones now and then only. */
    private List<Column> columns(Table table) {
        boolean masked = random.nextInt(4) == 0;
        return rights.columns(table).stream()
                .filter(column -> masked || rights.mask(table, column) == null)
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private Scope scope(Table table) {
        return new Scope(
                columns(table).stream()
                        .map(column -> new Field(ROW + "." + column.name(), column.type(), table.name(), column.name()))
                        .toList(),
                null);
    }

    private Part where(Table table) {
        return random.nextInt(10) == 0
                ? Part.fixed()
                : Part.clause(" WHERE ", expressions.condition(scope(table), 1 + random.nextInt(2)));
    }

    private Write update(Table table) {
        List<Column> columns = columns(table);
        if (table.key()) {
            columns.removeIf(column -> column == table.columns().get(0));
        }
        if (columns.isEmpty()) {
            return new Write(of(Kind.FIXED, "DELETE FROM " + named(table), where(table)), table, Set.of());
        }
        Column set = columns.get(random.nextInt(columns.size()));
        Part value = expressions.any(set.type(), scope(table), 1);
        return new Write(
                of(Kind.FIXED, "UPDATE " + named(table) + " SET " + set.name() + " = ", value, where(table)),
                table,
                Set.of(set.name()));
    }

    /** Into the one table without a key: what a key says of hidden rows is another matter. */
    private Write insert() {
        Table table = Fixture.TAGS;
        List<Column> columns = columns(table);
        if (columns.isEmpty()) {
            columns.addAll(rights.columns(table));
        }
        if (columns.isEmpty()) {
            return update(Fixture.PEOPLE);
        }
        String names = columns.stream().map(Column::name).collect(Collectors.joining(", "));
        List<Fixture.Type> types = columns.stream().map(Column::type).toList();
        Part rows =
                random.nextInt(3) == 0 ? queries.values(types) : queries.query(types, new Scope(List.of(), null), 1);
        return new Write(
                of(Kind.FIXED, "INSERT INTO $" + table.name() + " (" + names + ") ", rows),
                table,
                columns.stream().map(Column::name).collect(Collectors.toSet()));
    }
}
