package dev.nicol.server.differential;

import dev.nicol.server.differential.Fixture.Column;
import dev.nicol.server.differential.Fixture.Row;
import dev.nicol.server.differential.Fixture.Table;
import dev.nicol.server.differential.Generator.Statement;
import java.sql.Connection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One statement as the reader runs it and as the steward runs it over the reader's copies. */
final class Comparison {
    private static final String DATA_ERROR = "22000";
    private static final int MOST_STEPS = 400;

    private final Bench bench;
    private final Deployment deployment;
    private final Rights rights;
    private final Connection governed;
    private final Connection raw;
    private final Set<String> hidden;

    Comparison(Bench bench, Deployment deployment, Rights rights, Connection governed, Connection raw) {
        this.bench = bench;
        this.deployment = deployment;
        this.rights = rights;
        this.governed = governed;
        this.raw = raw;
        this.hidden = hidden(rights);
    }

    /** Texts that the reader sees nowhere, long enough to be told from others. */
    private static Set<String> hidden(Rights rights) {
        Set<String> stored = new HashSet<>();
        Set<String> shown = new HashSet<>();
        for (Table table : Fixture.TABLES) {
            table.rows().forEach(row -> texts(table, row, stored));
            rights.rows(table).forEach(row -> texts(table, row, shown));
        }
        stored.removeAll(shown);
        return stored;
    }

    private static void texts(Table table, Row row, Set<String> texts) {
        for (Column column : table.columns()) {
            Object value = row.value(column.name());
            if (value != null && value.toString().length() > 2) {
                texts.add(value.toString());
            }
        }
    }

    /** Both answers; what differs is null where nothing does. */
    record Answers(Outcome governed, Outcome copy, @Nullable String difference) {}

    Answers of(Statement statement) {
        String sql = statement.text();
        Outcome shown = Outcome.of(governed, bench.located(sql, deployment, null));
        Outcome copy = Outcome.of(raw, bench.located(sql, deployment, rights));
        return new Answers(shown, copy, difference(statement, shown, copy));
    }

    /** Every generated statement is valid: these are faults of ours, alike on both sides or not. */
    private static boolean broken(Outcome outcome) {
        return "NS001".equals(outcome.sqlState())
                || String.valueOf(outcome.message()).contains("cannot be planned");
    }

    private @Nullable String difference(Statement statement, Outcome shown, Outcome copy) {
        if (shown.failed()) {
            for (String value : hidden) {
                if (shown.told(rights).contains(value) && !statement.text().contains(value)) {
                    return "the message shows " + value;
                }
            }
        }
        if (broken(shown) || broken(copy)) {
            return "the source refuses our SQL, or it cannot be planned";
        }
        boolean fails = mayFail(statement.part());
        if (shown.failed() || copy.failed()) {
            if (fails && (DATA_ERROR.equals(shown.sqlState()) || DATA_ERROR.equals(copy.sqlState()))) {
                // Which rows are looked at first is the source's affair.
                return null;
            }
            boolean same = String.valueOf(shown.sqlState()).equals(copy.sqlState())
                    && shown.told(rights).equals(copy.told(rights));
            return same ? null : "one fails, or both do, and not alike";
        }
        if (!shown.columns().equals(copy.columns())) {
            return "columns";
        } else if (statement.counted()) {
            return shown.rows().size() == copy.rows().size() ? null : "number of rows";
        } else if (statement.ordered()) {
            return folded(shown.rows()).equals(folded(copy.rows())) ? null : "rows or their order";
        }
        return folded(shown.sorted()).equals(folded(copy.sorted())) ? null : "rows";
    }

    private List<String> folded(List<String> rows) {
        return deployment.foldsCase()
                ? rows.stream()
                        .map(row -> row.toUpperCase(Locale.ROOT))
                        .sorted()
                        .toList()
                : rows;
    }

    /** Whether something in it fails on a row that the reader sees. */
    private boolean mayFail(Part part) {
        return part.all()
                .map(Part::risk)
                .anyMatch(risk -> risk != null
                        && rights.rows(Generator.table(risk.table())).stream().anyMatch(risk.fails()));
    }

    /** The smallest statement found that still differs in the same way. */
    Statement smallest(Statement statement, String difference) {
        Statement smallest = statement;
        int steps = 0;
        boolean smaller = true;
        while (smaller && steps < MOST_STEPS) {
            smaller = false;
            for (Part candidate : smallest.part().smaller()) {
                Statement next = new Statement(candidate, statement.ordered(), statement.counted());
                if (++steps < MOST_STEPS && difference.equals(of(next).difference())) {
                    smallest = next;
                    smaller = true;
                    break;
                }
            }
        }
        return smallest;
    }

    /** What a failing test says. */
    String report(long seed, Statement statement, String difference) {
        Statement small = smallest(statement, difference);
        Answers answers = of(small);
        return "seed " + seed + " on " + deployment + ": " + difference + "\n" + statement.text() + "\nsmallest:\n"
                + small.text() + "\ngoverned: " + answers.governed() + "\ncopy: " + answers.copy() + "\nsent: "
                + bench.sent(rights.reader().user()) + "\nsent for the copy: " + bench.sent(Bench.STEWARD) + "\nfor "
                + rights;
    }
}
