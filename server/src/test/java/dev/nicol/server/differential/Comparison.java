package dev.nicol.server.differential;

import dev.nicol.server.differential.Fixture.Column;
import dev.nicol.server.differential.Fixture.Row;
import dev.nicol.server.differential.Fixture.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** One statement as the reader runs it and as the steward runs it over the reader's copies. */
final class Comparison {
    static final String DATA_ERROR = "22000";
    private static final int MOST_STEPS = 400;

    private final Bench bench;
    private final Deployment deployment;
    private final Rights rights;
    private final Statement governed;
    private final Statement raw;
    private final Set<String> hidden;
    private final @Nullable Oracle oracle;

    Comparison(Bench bench, Deployment deployment, Rights rights, Connection governed, Connection raw)
            throws SQLException {
        this(bench, deployment, rights, governed, raw, null);
    }

    /** @param oracle which is asked too where there is one */
    Comparison(
            Bench bench,
            Deployment deployment,
            Rights rights,
            Connection governed,
            Connection raw,
            @Nullable Oracle oracle)
            throws SQLException {
        this.oracle = oracle;
        this.bench = bench;
        this.deployment = deployment;
        this.rights = rights;
        this.governed = governed.createStatement();
        this.raw = raw.createStatement();
        this.hidden = hidden(rights);
    }

    /** Texts that the reader sees nowhere, long enough to be told from others. */
    static Set<String> hidden(Rights rights) {
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

    /**
     * Both answers; what differs is null where nothing does.
     *
     * @param plain PostgreSQL's own where it is that which differs
     */
    record Answers(
            Outcome governed,
            Outcome copy,
            @Nullable String difference,
            @Nullable Outcome plain) {}

    Answers of(Generator.Statement statement) {
        String sql = statement.text();
        List<Object> parameters = statement.part().parameters();
        Outcome shown = Outcome.of(governed, bench.located(sql, deployment, null), parameters);
        Outcome copy = Outcome.of(raw, bench.located(sql, deployment, rights), parameters);
        String difference = difference(statement, shown, copy);
        if (difference == null && oracle != null) {
            Outcome plain =
                    oracle.of(bench.located(sql, Deployment.POSTGRESQL, rights).replace("pg.public.", ""), parameters);
            difference = oracle.difference(statement, copy, plain, mayFail(statement.part(), rights));
            if (difference != null) {
                return new Answers(shown, copy, difference, plain);
            }
        }
        return new Answers(shown, copy, difference, null);
    }

    /** Every generated statement is valid: these are faults of ours, alike on both sides or not. */
    static boolean broken(Outcome outcome) {
        return "NS001".equals(outcome.sqlState())
                || "NP001".equals(outcome.sqlState())
                || String.valueOf(outcome.message()).contains("cannot be planned");
    }

    /** The hidden value that an error's message shows; null where it shows none. */
    static @Nullable String leaked(Outcome shown, String statement, Rights rights, Set<String> hidden) {
        if (shown.failed()) {
            for (String value : hidden) {
                if (shown.told(rights).contains(value) && !statement.contains(value)) {
                    return "the message shows " + value;
                }
            }
        }
        return null;
    }

    /** Some masks no source computes, and what the engine then has to compute in its place it may say that it cannot. */
    static boolean leftToTheEngine(Outcome shown, Rights rights) {
        return "0A000".equals(shown.sqlState())
                && rights.masks().values().stream().anyMatch(mask -> mask.yaml().contains("redact_text"));
    }

    private @Nullable String difference(Generator.Statement statement, Outcome shown, Outcome copy) {
        String leaked = leaked(shown, statement.toString(), rights, hidden);
        if (leaked != null) {
            return leaked;
        }
        if (broken(shown) || broken(copy)) {
            return "the source refuses our SQL, or it cannot be planned";
        }
        if (leftToTheEngine(shown, rights) || deployment.countsOtherwise(statement.text(), rights)) {
            return null;
        }
        boolean fails = mayFail(statement.part(), rights);
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
            return deployment.folded(shown.rows()).equals(deployment.folded(copy.rows()))
                    ? null
                    : "rows or their order";
        }
        return deployment.folded(shown.sorted()).equals(deployment.folded(copy.sorted())) ? null : "rows";
    }

    /** Whether something in it fails on a row that the reader sees; sums of large numbers may, wherever they are. */
    static boolean mayFail(Part part, Rights rights) {
        boolean large = rights.masks().values().stream().anyMatch(KnownMask::large);
        return large
                || part.all()
                        .map(Part::risk)
                        .anyMatch(risk -> risk != null
                                && rights.rows(Generator.table(risk.table())).stream()
                                        .anyMatch(risk.fails()));
    }

    /** The smallest statement found of which that still holds. */
    static Part smallest(Part part, Predicate<Part> holds) {
        Part smallest = part;
        int steps = 0;
        boolean smaller = true;
        while (smaller && steps < MOST_STEPS) {
            smaller = false;
            for (Part candidate : smallest.smaller()) {
                if (++steps < MOST_STEPS && holds.test(candidate)) {
                    smallest = candidate;
                    smaller = true;
                    break;
                }
            }
        }
        return smallest;
    }

    /** What a failing test says. */
    String report(long seed, Generator.Statement statement, String difference) {
        Part part = smallest(
                statement.part(),
                smaller -> difference.equals(of(statement.with(smaller)).difference()));
        Generator.Statement small = statement.with(part);
        Answers answers = of(small);
        return "seed " + seed + " on " + deployment + ": " + difference + "\n" + statement + "\nsmallest:\n" + small
                + "\ngoverned: " + answers.governed() + "\ncopy: " + answers.copy()
                + (answers.plain() == null ? "" : "\nPostgreSQL: " + answers.plain()) + "\nsent: "
                + bench.sent(rights.reader().user()) + "\nsent for the copy: " + bench.sent(Bench.STEWARD) + "\nfor "
                + rights;
    }
}
