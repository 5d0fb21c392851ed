package dev.nicol.server.differential;

import dev.nicol.server.differential.Fixture.Column;
import dev.nicol.server.differential.Fixture.Row;
import dev.nicol.server.differential.Fixture.Table;
import dev.nicol.server.differential.Writes.Write;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One write as the reader runs it and as the steward runs it over the reader's copy, each in a transaction that is taken
 * back. What policy refuses is told by the rights, not by the copy: masked columns, and rows that the reader could not read.
 */
final class WriteComparison {
    private static final String REFUSED = "42501";

    private final Bench bench;
    private final Deployment deployment;
    private final Rights rights;
    private final Connection governed;
    private final Connection raw;
    private final Set<String> hidden;

    WriteComparison(Bench bench, Deployment deployment, Rights rights, Connection governed, Connection raw)
            throws SQLException {
        this.bench = bench;
        this.deployment = deployment;
        this.rights = rights;
        this.governed = governed;
        this.raw = raw;
        this.hidden = Comparison.hidden(rights);
        governed.setAutoCommit(false);
        raw.setAutoCommit(false);
    }

    /**
     * What a write came to.
     *
     * @param count rows written
     * @param after the table's rows then
     */
    private record Written(int count, List<Row> after, Outcome outcome) {
        String state() {
            return String.valueOf(outcome.sqlState());
        }

        @Override
        public String toString() {
            return outcome.failed()
                    ? outcome.toString()
                    : count + " rows written, then\n    "
                            + after.stream()
                                    .map(row -> String.valueOf(row.values()))
                                    .collect(Collectors.joining("\n    "));
        }
    }

    /** Both; what differs is null where nothing does. */
    record Answers(
            String governed,
            String copy,
            String state,
            @Nullable String difference) {}

    Answers of(Write write) throws SQLException {
        Written shown = written(governed, write, null);
        Written copy = written(raw, write, rights);
        return new Answers(shown.toString(), copy.toString(), shown.state(), difference(write, shown, copy));
    }

    private Written written(Connection connection, Write write, @Nullable Rights of) throws SQLException {
        try {
            int count = run(connection, write, of);
            return new Written(
                    count, rows(connection, write.table(), of), new Outcome(List.of(), List.of(), null, null));
        } catch (SQLException failure) {
            return new Written(0, List.of(), Outcome.of(failure));
        } finally {
            connection.rollback();
        }
    }

    private int run(Connection connection, Write write, @Nullable Rights of) throws SQLException {
        String sql = bench.located(write.part().text(), deployment, of);
        List<Object> parameters = write.part().parameters();
        if (parameters.isEmpty()) {
            try (Statement statement = connection.createStatement()) {
                return statement.executeUpdate(sql);
            }
        }
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.size(); i++) {
                statement.setObject(i + 1, parameters.get(i));
            }
            return statement.executeUpdate();
        }
    }

    /** Every column that exists for the reader. */
    private List<Row> rows(Connection connection, Table table, @Nullable Rights of) throws SQLException {
        return rows(connection, table, rights.columns(table), of);
    }

    private List<Row> rows(Connection connection, Table table, List<Column> columns, @Nullable Rights of)
            throws SQLException {
        String names = columns.stream().map(Column::name).collect(Collectors.joining(", "));
        String sql = bench.located("SELECT " + names + " FROM $" + table.name(), deployment, of);
        List<Row> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                Map<String, @Nullable Object> values = new HashMap<>();
                for (int i = 0; i < columns.size(); i++) {
                    values.put(columns.get(i).name(), result.getObject(i + 1));
                }
                rows.add(new Row(values));
            }
        }
        return rows;
    }

    private @Nullable String difference(Write write, Written shown, Written copy) {
        String leaked = Comparison.leaked(shown.outcome(), write.toString(), rights, hidden);
        if (leaked != null) {
            return leaked;
        }
        if (Comparison.broken(shown.outcome()) || Comparison.broken(copy.outcome())) {
            return "the source refuses our SQL, or it cannot be planned";
        }
        if (Comparison.leftToTheEngine(shown.outcome(), rights)
                || deployment.countsOtherwise(write.part().text(), rights)) {
            return null;
        }
        boolean masked = write.sets(rights);
        if (shown.state().equals(REFUSED)) {
            Boolean passes =
                    masked || write.names(rights) || copy.outcome().failed() ? null : passes(write, copy.after());
            return Boolean.TRUE.equals(passes) ? "it is refused, and nothing speaks against it" : null;
        }
        if (shown.outcome().failed() || copy.outcome().failed()) {
            boolean data = Comparison.DATA_ERROR.equals(shown.state()) || Comparison.DATA_ERROR.equals(copy.state());
            boolean tolerated = data && Comparison.mayFail(write.part(), rights);
            return tolerated || shown.state().equals(copy.state()) ? null : "one fails, or both do, and not alike";
        } else if (masked && !write.inserts()) {
            // A column that took copies of tagged values takes more of them by INSERT
            // (docs/concepts/classification.md).
            return "a masked column was set";
        } else if (shown.count() != copy.count()) {
            return "number of rows written";
        } else if (!masked && Boolean.FALSE.equals(passes(write, copy.after()))) {
            return "a row was written that the reader may not read";
        }
        return masked || texts(shown.after()).equals(texts(copy.after())) ? null : "rows after it";
    }

    private List<String> texts(List<Row> rows) {
        return texts(rows, Set.of());
    }

    private List<String> texts(List<Row> rows, Set<String> without) {
        return deployment.folded(rows.stream()
                .map(row -> row.values().entrySet().stream()
                        .filter(value -> !without.contains(value.getKey()))
                        .sorted(Map.Entry.comparingByKey())
                        .map(String::valueOf)
                        .collect(Collectors.joining("|")))
                .sorted()
                .toList());
    }

    /**
     * Runs a write for good, looks at what is stored then as the steward sees it, and puts it back. What the reader does not
     * see is as it was; what differs is null where nothing does.
     */
    @Nullable
    String lasting(Write write) throws SQLException {
        Table table = write.table();
        int count = 0;
        try {
            count = run(governed, write, null);
            governed.commit();
        } catch (SQLException refused) {
            // Then everything is as it was, of which we look.
            governed.rollback();
        }
        List<Row> after = rows(raw, table, table.columns(), null);
        List<Row> unseen =
                table.rows().stream().filter(row -> !rights.shows(table, row)).toList();
        int size = table.rows().size() + (write.inserts() ? count : write.deletes() ? -count : 0);
        boolean updates = !write.inserts() && !write.deletes();
        boolean right = after.size() == size
                && within(texts(unseen), texts(after))
                && (!updates || texts(table.rows(), write.written()).equals(texts(after, write.written())))
                && (!write.deletes() || within(texts(after), texts(table.rows())))
                && (!write.inserts() || within(texts(table.rows()), texts(after)))
                && (count > 0 || texts(table.rows()).equals(texts(after)));
        if (!texts(table.rows()).equals(texts(after))) {
            restore(table);
        }
        raw.commit();
        return right ? null : "what is stored then: " + count + " rows written, stored\n" + texts(after);
    }

    private static boolean within(List<String> few, List<String> many) {
        List<String> left = new ArrayList<>(many);
        return few.stream().allMatch(left::remove);
    }

    private void restore(Table table) throws SQLException {
        String rows = table.rows().stream()
                .map(row -> table.columns().stream()
                        .map(column -> row.value(column.name()) == null
                                ? "NULL"
                                : Expressions.sql(column.type(), row.value(column.name())))
                        .collect(Collectors.joining(", ", "(", ")")))
                .collect(Collectors.joining(", "));
        try (Statement statement = raw.createStatement()) {
            statement.executeUpdate(bench.located("DELETE FROM $" + table.name(), deployment, null));
            statement.executeUpdate(
                    bench.located("INSERT INTO $" + table.name() + " VALUES " + rows, deployment, null));
        }
    }

    /**
     * Whether the reader may read every row as it is after a write; null where that cannot be told.
     *
     * @param after the copy's rows
     */
    private @Nullable Boolean passes(Write write, List<Row> after) {
        Table table = write.table();
        if (write.deletes()) {
            return true;
        } else if (filtersUnnamed(write)) {
            return null;
        }
        String key = table.columns().get(0).name();
        boolean keyed = table.key()
                && rights.columns(table).contains(table.column(key))
                && rights.mask(table, table.column(key)) == null;
        if (write.inserts()) {
            // The table has no key, so the copy's first rows are those it had before.
            return after.stream()
                    .skip(rights.rows(table).size())
                    .map(row -> stored(table, new Row(Map.of()), row, write.written()))
                    .allMatch(row -> rights.shows(table, row));
        } else if (!keyed) {
            return null;
        }
        for (Row row : after) {
            Row before = table.rows().stream()
                    .filter(old -> Objects.equals(old.value(key), row.value(key)))
                    .findFirst()
                    .orElseThrow();
            if (!rights.shows(table, stored(table, before, row, write.written()))) {
                return false;
            }
        }
        return true;
    }

    /** Whether a filter looks at a column that the reader has not, or that an INSERT leaves out: then nothing is written. */
    private boolean filtersUnnamed(Write write) {
        List<String> unnamed = write.table().columns().stream()
                .filter(column -> !rights.columns(write.table()).contains(column)
                        || write.inserts() && !write.written().contains(column.name()))
                .map(Column::name)
                .toList();
        return rights.filters().stream()
                .filter(filter -> filter.table().equals(write.table().name()))
                .anyMatch(filter ->
                        unnamed.stream().anyMatch(column -> filter.sql().matches("(?s).*\\b" + column + "\\b.*")));
    }

    private static Row stored(Table table, Row before, Row after, Set<String> written) {
        Map<String, @Nullable Object> values = new HashMap<>();
        for (Column column : table.columns()) {
            values.put(column.name(), (written.contains(column.name()) ? after : before).value(column.name()));
        }
        return new Row(values);
    }

    /** What a failing test says. */
    String report(long seed, Write write, String difference) throws SQLException {
        Part part = Comparison.smallest(write.part(), smaller -> {
            try {
                return difference.equals(of(write.with(smaller)).difference());
            } catch (SQLException lost) {
                return false;
            }
        });
        Write small = write.with(part);
        Answers answers = of(small);
        return "write " + seed + " on " + deployment + ": " + difference + "\n" + write + "\nsmallest:\n" + small
                + "\ngoverned: " + answers.governed() + "\ncopy: " + answers.copy() + "\nfailures: "
                + bench.failures() + "\nfor " + rights;
    }
}
