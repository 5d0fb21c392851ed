package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceFailures;
import dev.nicol.adapters.execution.LocalPlan;
import dev.nicol.adapters.execution.MemoryBudget;
import dev.nicol.adapters.execution.SourceExecution.Loan;
import dev.nicol.adapters.execution.SourceExecution.Use;
import dev.nicol.adapters.execution.SourceQuery;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.pipeline.PlannedStatement.Plan;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntFunction;
import org.apache.calcite.DataContext;
import org.apache.calcite.linq4j.Enumerator;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** Stage 9. Runs the plan; rows stream, and every path ends with an outcome in the trail. */
final class ExecuteStage {
    private final Commands commands;
    private final Clock clock;
    private final TagTravel tags;
    private final Runnable refreshCatalogue;
    private final TouchedRowsOf touchedRows;
    private final HeldStatements held;
    private final AuditTrail trail;

    /** Starts to record what an execution touches. */
    interface TouchedRowsOf {
        TouchedRows of(Watched watched, MemoryBudget memory);
    }

    ExecuteStage(
            Commands commands,
            Clock clock,
            TagTravel tags,
            Runnable refreshCatalogue,
            TouchedRowsOf touchedRows,
            HeldStatements held,
            AuditTrail trail) {
        this.commands = commands;
        this.clock = clock;
        this.tags = tags;
        this.refreshCatalogue = refreshCatalogue;
        this.touchedRows = touchedRows;
        this.held = held;
        this.trail = trail;
    }

    StatementResult execute(PlannedStatement planned, Run run, long maxRows) {
        Body body = planned.admitted().guarded().traced().governed().body();
        Sentinels.refuse(body, run.execution()::parameter);
        boolean counted = body instanceof Body.Insert || body instanceof Body.Change;
        if (planned.admitted().isHeld() && !counted) {
            new RowsGuard(held, trail, planned, run.statementId()).before(null);
        }
        Plan plan = planned.plan() instanceof Plan.LookedUp lookedUp ? lookedUp(lookedUp, run) : planned.plan();
        TouchedRows touched = touched(planned, run);
        if (plan instanceof Plan.Whole || plan instanceof Plan.Joined) {
            ResultCursor.Rows rows = rows(plan, run, Use.ANSWER);
            ResultCursor cursor = new ResultCursor(
                    run,
                    touched == null ? rows : touched.shown(rows),
                    planned.admitted().guarded().allowance(),
                    maxRows);
            return new StatementResult.Rows(run.statementId(), ((Body.Query) body).rowType(), cursor);
        }
        if (plan instanceof Plan.Known known) {
            return known(run, known);
        }
        if (plan instanceof Plan.Text text) {
            return text(planned, run, text.column(), text.lines());
        }
        if (plan instanceof Plan.Own own) {
            List<String> answer = commands.run(planned, own.statement());
            if (answer != null) {
                return text(planned, run, Preparation.column(planned.parsed().kind()), answer);
            }
            run.succeeded(0, 0);
            return new StatementResult.Count(run.statementId(), 0);
        }
        tags.before(planned);
        long rows = plan instanceof Plan.Write write
                ? write(planned, write, run, touched)
                : define(planned, (Plan.Define) plan, run, touched);
        tags.after(planned, rows);
        planned.admitted().guarded().allowance().wrote(rows);
        run.succeeded(rows, 0);
        return new StatementResult.Count(run.statementId(), rows);
    }

    private @Nullable TouchedRows touched(PlannedStatement planned, Run run) {
        Watched watched = planned.watched();
        if (watched == null) {
            return null;
        }
        TouchedRows touched = touchedRows.of(watched, run.execution().memory());
        run.touches(touched);
        return touched;
    }

    private Plan lookedUp(Plan.LookedUp lookedUp, Run run) {
        return lookedUp.after().apply(new PolicyLookUps(run.execution(), query -> {
            Plan plan = lookedUp.queries().apply(new Body.Query(query, query.getRowType()));
            return run.execution().forPolicy(() -> rows(plan, run, Use.JOIN));
        }));
    }

    private ResultCursor.Rows rows(Plan plan, Run run, Use use) {
        if (plan instanceof Plan.Whole whole) {
            SourceQuery query = run.execution().open(whole.sql(), use);
            return new ResultCursor.Rows() {
                @Override
                public @Nullable Object @Nullable [] next() {
                    return query.next();
                }

                @Override
                public void close() {
                    query.close();
                }
            };
        }
        LocalPlan local = ((Plan.Joined) plan).plan();
        Enumerator<@Nullable Object[]> enumerator = local.run(run.execution(), variables());
        return new ResultCursor.Rows() {
            @Override
            public @Nullable Object @Nullable [] next() {
                return enumerator.moveNext() ? enumerator.current() : null;
            }

            @Override
            public void close() {
                enumerator.close();
            }
        };
    }

    /** What a statement may ask of its moment: one answer for all of it. */
    private Map<String, Object> variables() {
        Map<String, Object> variables = new HashMap<>();
        long now = clock.millis();
        variables.put(DataContext.Variable.UTC_TIMESTAMP.camelName, now);
        variables.put(DataContext.Variable.CURRENT_TIMESTAMP.camelName, now);
        variables.put(DataContext.Variable.LOCAL_TIMESTAMP.camelName, now);
        variables.put(DataContext.Variable.TIME_ZONE.camelName, TimeZone.getTimeZone("UTC"));
        variables.put(DataContext.Variable.LOCALE.camelName, Locale.ROOT);
        variables.put(DataContext.Variable.CANCEL_FLAG.camelName, new AtomicBoolean());
        return variables;
    }

    private StatementResult text(PlannedStatement planned, Run run, String column, List<String> lines) {
        RelDataTypeFactory types = planned.admitted()
                .guarded()
                .traced()
                .governed()
                .validated()
                .space()
                .cluster()
                .getTypeFactory();
        List<@Nullable Object[]> rows = new ArrayList<>();
        lines.forEach(line -> rows.add(new Object[] {line}));
        return known(run, new Plan.Known(textRow(types, column), rows));
    }

    private static StatementResult known(Run run, Plan.Known known) {
        Iterator<@Nullable Object[]> left = known.rows().iterator();
        ResultCursor.Rows rows = new ResultCursor.Rows() {
            @Override
            public @Nullable Object @Nullable [] next() {
                return left.hasNext() ? left.next() : null;
            }

            @Override
            public void close() {}
        };
        return new StatementResult.Rows(
                run.statementId(), known.rowType(), new ResultCursor(run, rows, Allowance.UNCOUNTED, 0));
    }

    /** A row of one text column. */
    static RelDataType textRow(RelDataTypeFactory types, String column) {
        return types.builder()
                .add(column, types.createSqlType(SqlTypeName.VARCHAR))
                .build();
    }

    private interface AtSource {
        long run(Loan loan);
    }

    /** Runs in the session's transaction, or in one of its own that ends here. */
    private static long inTransaction(PlannedStatement planned, String source, AtSource work) {
        Session session = planned.invocation().session();
        Loan loan = session.connections().borrowToWrite(source, session.autoCommit());
        try {
            long rows = work.run(loan);
            if (!loan.pinned()) {
                loan.connection().commit();
            }
            return rows;
        } catch (SQLException failure) {
            throw SourceFailures.of(loan.adapter(), source, failure);
        } finally {
            loan.giveBack().run();
        }
    }

    private long write(PlannedStatement planned, Plan.Write write, Run run, @Nullable TouchedRows touched) {
        RowsGuard guard = new RowsGuard(held, trail, planned, run.statementId());
        return inTransaction(planned, write.source(), loan -> {
            guard.before(count(write, run, loan));
            SourceSql check = write.check();
            if (check != null) {
                refuseHidden(run.execution().count(check, loan));
            }
            if (touched != null) {
                SourceSql keys = write.keys();
                touched.writes(
                        keys == null
                                ? touched.inserted(run.execution()::parameter)
                                : run.execution().rows(keys, loan));
            }
            if (write.empties() != null) {
                run.execution().update(write.empties(), loan);
            }
            long rows = write.sql() != null ? run.execution().update(write.sql(), loan) : copy(write.rows(), loan, run);
            takenBackUnless(guard, rows, planned.invocation().session(), loan);
            if (touched != null) {
                touched.written(rows);
            }
            return rows;
        });
    }

    private static @Nullable Long count(Plan.Write write, Run run, Loan loan) {
        Plan.RowCount count = write.count();
        if (count == null) {
            return null;
        }
        SourceSql sql = count.sql();
        return sql == null ? count.known() : run.execution().count(sql, loan);
    }

    /** A transaction of the client's has the write in it already: then all of it goes. */
    private static void takenBackUnless(RowsGuard guard, long rows, Session session, Loan loan) {
        try {
            guard.judge(rows);
        } catch (NicolException refused) {
            if (loan.pinned()) {
                session.endWrites();
                session.connections().rollback();
            }
            throw refused;
        }
    }

    /** New rows that the subject could not see are refused before the write is sent. */
    private static void refuseHidden(long hidden) {
        if (hidden != 0) {
            throw NicolError.NOT_PERMITTED.because(
                    "The policy on this table does not let you write rows that you could not read.");
        }
    }

    /** Rows read from anywhere, once: what is checked is what is written. */
    private long copy(Plan.RowsFrom from, Loan loan, Run run) {
        IntFunction<SourceSql> check = from.check();
        try (ResultCursor.Rows rows = rows(from.query(), run, Use.COPY)) {
            if (check == null) {
                return run.execution().insert(from.insertOne(), rows::next, loan);
            }
            CheckedRows checked = new CheckedRows(
                    rows,
                    chunk -> refuseHidden(
                            run.execution().count(check.apply(chunk.size()), CheckedRows.values(chunk), loan)));
            return run.execution().insert(from.insertOne(), checked::next, loan);
        }
    }

    private long define(PlannedStatement planned, Plan.Define define, Run run, @Nullable TouchedRows touched) {
        Session session = planned.invocation().session();
        if (session.connections().inTransaction()) {
            throw NicolError.TRANSACTION_STATE.because(
                    "Definitions do not join a transaction. COMMIT or ROLLBACK first.");
        }
        Loan loan = session.connections().borrow(define.sql().source());
        try {
            Connection connection = loan.connection();
            connection.setAutoCommit(true);
            if (touched != null) {
                touched.writes(null);
            }
            run.execution().update(define.sql(), loan);
            return 0;
        } catch (SQLException failure) {
            throw SourceFailures.of(loan.adapter(), define.sql().source(), failure);
        } finally {
            loan.giveBack().run();
            refreshCatalogue.run();
        }
    }
}
