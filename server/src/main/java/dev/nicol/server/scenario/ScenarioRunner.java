package dev.nicol.server.scenario;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.pipeline.Session;
import dev.nicol.server.pipeline.StatementKind;
import dev.nicol.server.pipeline.StatementResult;
import dev.nicol.server.pipeline.Statements;
import dev.nicol.server.scenario.Scenario.Expected;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Runs policy scenarios through the pipeline, like any client. EXPLAIN POLICY is asked first: what a guardrail holds or
 * denies is not run. Writes run in a transaction that is rolled back; definitions are never run.
 */
public final class ScenarioRunner {
    /** Most rows that a scenario may look at. */
    public static final int MAX_ROWS = 10_000;

    private final Statements statements;
    private final Login login;

    /** Makes sessions. */
    @FunctionalInterface
    public interface Login {
        /**
         * @param name of a user or agent
         * @param stated connection properties
         * @throws NicolException {@code NOT_PERMITTED} as a connection would be refused
         */
        Session session(String name, Map<String, String> stated);
    }

    public ScenarioRunner(Statements statements, Login login) {
        this.statements = statements;
        this.login = login;
    }

    /**
     * What the scenarios of a directory came to.
     *
     * @param failures one line each: place, name, what was expected and what came
     */
    public record Report(int scenarios, List<String> failures) {
        public Report {
            failures = List.copyOf(failures);
        }
    }

    /**
     * Runs all.
     *
     * @throws dev.nicol.policy.ProblemsException where files cannot be read as scenarios; nothing is run then
     */
    public Report run(Path directory) {
        List<Scenario> scenarios = ScenarioReader.read(directory);
        List<String> failures = new ArrayList<>();
        for (Scenario scenario : scenarios) {
            String difference = difference(scenario);
            if (difference != null) {
                failures.add(scenario.place() + ": " + scenario.name() + " — " + difference);
            }
        }
        return new Report(scenarios.size(), failures);
    }

    private @Nullable String difference(Scenario scenario) {
        Expected then = scenario.then();
        try {
            Session session = login.session(scenario.user(), scenario.stated());
            try {
                return difference(scenario, session);
            } finally {
                statements.close(session);
            }
        } catch (NicolException refusal) {
            return refused(then, refusal.error(), refusal.getMessage());
        }
    }

    private static @Nullable String refused(Expected then, NicolError error, @Nullable String message) {
        if (error.sqlState().equals(then.error())) {
            return null;
        }
        return "expected " + (then.error() == null ? "no refusal" : then.error()) + ", got " + error.sqlState() + ": "
                + message;
    }

    private @Nullable String difference(Scenario scenario, Session session) {
        Expected then = scenario.then();
        Explained explained = explained(session, scenario.sql());
        if (then.verdict() != null && !then.verdict().equals(explained.verdict())) {
            return "expected verdict " + then.verdict() + ", got " + explained.verdict();
        }
        for (String rule : then.rules()) {
            if (!explained.rules().contains(rule)) {
                return "expected rule `" + rule + "` to apply; these do: " + explained.rules();
            }
        }
        if (explained.verdict().equals("denied")) {
            return wantsRun(then) ? refused(then, NicolError.GUARDRAIL_DENIED, "a guardrail denies it") : null;
        } else if (explained.verdict().equals("held")) {
            return wantsRun(then) ? refused(then, NicolError.HELD_FOR_APPROVAL, "a guardrail holds it") : null;
        } else if (!wantsRun(then)) {
            return null;
        }
        StatementKind kind = statements.prepare(session, scenario.sql()).kind();
        if (kind != StatementKind.SELECT && !kind.writesRows()) {
            return "definitions are not run by scenarios — say `verdict` and `rules` instead";
        }
        return difference(then, run(session, scenario.sql()));
    }

    private static boolean wantsRun(Expected then) {
        return then.rows() != null || then.count() != null || then.columns() != null || then.error() != null;
    }

    /** What EXPLAIN POLICY tells. */
    private record Explained(String verdict, Set<String> rules) {}

    private Explained explained(Session session, String sql) {
        Outcome outcome = run(session, "EXPLAIN POLICY FOR " + sql);
        int item = outcome.columns().indexOf("item");
        int rule = outcome.columns().indexOf("rule");
        int effect = outcome.columns().indexOf("effect");
        Set<String> rules = new HashSet<>();
        String verdict = "allowed";
        for (List<@Nullable String> row : outcome.rows()) {
            if (row.get(rule) != null && !"overridden".equals(row.get(effect))) {
                rules.add(Objects.requireNonNull(row.get(rule)));
            }
            if ("verdict".equals(row.get(item))) {
                verdict = String.valueOf(row.get(effect));
            }
        }
        return new Explained(verdict, rules);
    }

    /** Whatever is written is taken back. */
    private Outcome run(Session session, String sql) {
        session.setAutoCommit(false);
        try {
            StatementResult result = statements.execute(session, sql, List.of(), MAX_ROWS);
            if (!(result instanceof StatementResult.Rows answer)) {
                return new Outcome(List.of(), List.of(), ((StatementResult.Count) result).rows());
            }
            List<List<@Nullable String>> rows = new ArrayList<>();
            try (StatementResult.RowCursor cursor = answer.cursor()) {
                for (@Nullable Object[] row = cursor.next(); row != null; row = cursor.next()) {
                    rows.add(Outcome.texts(answer.rowType(), row));
                }
            }
            return new Outcome(answer.rowType().getFieldNames(), rows, rows.size());
        } finally {
            statements.rollback(session);
        }
    }

    private static @Nullable String difference(Expected then, Outcome outcome) {
        if (then.error() != null) {
            return "expected " + then.error() + ", got " + outcome.count() + " rows";
        }
        if (then.columns() != null && !then.columns().equals(outcome.columns())) {
            return "expected columns " + then.columns() + ", got " + outcome.columns();
        }
        if (then.count() != null && then.count() != outcome.count()) {
            return "expected " + then.count() + " rows, got " + outcome.count();
        }
        List<List<@Nullable String>> expected = then.rows();
        return expected == null || same(expected, outcome.rows(), then.anyOrder())
                ? null
                : "expected rows " + expected + ", got " + outcome.rows();
    }

    private static boolean same(
            List<List<@Nullable String>> expected, List<List<@Nullable String>> actual, boolean anyOrder) {
        if (expected.size() != actual.size()) {
            return false;
        }
        List<List<@Nullable String>> left = new ArrayList<>(actual);
        for (List<@Nullable String> row : expected) {
            int found = 0;
            while (found < left.size() && !sameRow(row, left.get(found))) {
                if (!anyOrder) {
                    return false;
                }
                found++;
            }
            if (found == left.size()) {
                return false;
            }
            left.remove(found);
        }
        return true;
    }

    private static boolean sameRow(List<@Nullable String> expected, List<@Nullable String> actual) {
        if (expected.size() != actual.size()) {
            return false;
        }
        for (int i = 0; i < expected.size(); i++) {
            if (!Outcome.same(expected.get(i), actual.get(i))) {
                return false;
            }
        }
        return true;
    }
}
