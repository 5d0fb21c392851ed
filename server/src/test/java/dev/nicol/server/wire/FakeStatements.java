package dev.nicol.server.wire;

import dev.nicol.policy.NicolError;
import dev.nicol.server.pipeline.Prepared;
import dev.nicol.server.pipeline.Session;
import dev.nicol.server.pipeline.StatementKind;
import dev.nicol.server.pipeline.StatementResult;
import dev.nicol.server.pipeline.Statements;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/** Statements with canned answers, keyed by their SQL text; counts what is open. */
final class FakeStatements implements Statements {
    final List<String> log = new CopyOnWriteArrayList<>();
    final List<List<@Nullable Object>> bound = new CopyOnWriteArrayList<>();
    final List<Session> sessions = new CopyOnWriteArrayList<>();
    final AtomicInteger openCursors = new AtomicInteger();
    final AtomicInteger cancelled = new AtomicInteger();
    final AtomicLong sentBytes = new AtomicLong();
    final AtomicLong rowsRead = new AtomicLong();
    private final Map<String, Canned> answers = new ConcurrentHashMap<>();

    private record Canned(
            StatementKind kind,
            RelDataType rowType,
            RelDataType parameters,
            Supplier<Iterator<@Nullable Object[]>> rows,
            Supplier<Long> count) {}

    void rows(String sql, RelDataType rowType, Supplier<Iterator<@Nullable Object[]>> rows) {
        rows(sql, rowType, Rows.row(), rows);
    }

    void rows(String sql, RelDataType rowType, RelDataType parameters, Supplier<Iterator<@Nullable Object[]>> rows) {
        answers.put(sql, new Canned(StatementKind.SELECT, rowType, parameters, rows, () -> 0L));
    }

    void count(String sql, RelDataType parameters, Supplier<Long> count) {
        answers.put(
                sql, new Canned(StatementKind.INSERT, Rows.row(), parameters, List.<Object[]>of()::iterator, count));
    }

    @Override
    public Prepared prepare(Session session, String sql) {
        Canned canned = find(sql);
        log.add("prepare " + sql);
        return new Prepared(sql, canned.kind(), canned.rowType(), canned.parameters());
    }

    @Override
    public StatementResult execute(Session session, String sql, List<@Nullable Object> parameters, long maxRows) {
        Canned canned = find(sql);
        log.add("execute " + sql);
        bound.add(parameters);
        sessions.add(session);
        if (!canned.kind().answersRows()) {
            return new StatementResult.Count("id", canned.count().get());
        }
        Iterator<@Nullable Object[]> rows = canned.rows().get();
        openCursors.incrementAndGet();
        return new StatementResult.Rows("id", canned.rowType(), new Cursor(rows, maxRows));
    }

    @Override
    public long[] executeBatch(Session session, String sql, List<List<@Nullable Object>> parameterLists) {
        Canned canned = find(sql);
        log.add("batch " + sql);
        List<Long> counts = new ArrayList<>();
        for (List<@Nullable Object> list : parameterLists) {
            bound.add(list);
            counts.add(canned.count().get());
        }
        return counts.stream().mapToLong(Long::longValue).toArray();
    }

    @Override
    public void commit(Session session) {
        log.add("commit");
    }

    @Override
    public void rollback(Session session) {
        log.add("rollback");
    }

    @Override
    public void close(Session session) {
        log.add("close");
    }

    private Canned find(String sql) {
        Canned canned = answers.get(sql);
        if (canned == null) {
            throw NicolError.UNKNOWN_TABLE.because("There is no answer to `" + sql + "`.");
        }
        return canned;
    }

    private final class Cursor implements StatementResult.RowCursor {
        private final Iterator<@Nullable Object[]> rows;
        private final long maxRows;
        private long given;
        private boolean closed;
        private volatile boolean stopped;

        Cursor(Iterator<@Nullable Object[]> rows, long maxRows) {
            this.rows = rows;
            this.maxRows = maxRows;
        }

        @Override
        public @Nullable Object @Nullable [] next() {
            if (stopped) {
                throw NicolError.CANCELLED.because("The statement was cancelled.");
            }
            if (!rows.hasNext() || maxRows > 0 && given >= maxRows) {
                return null;
            }
            given++;
            rowsRead.incrementAndGet();
            return rows.next();
        }

        @Override
        public void cancel() {
            stopped = true;
            cancelled.incrementAndGet();
        }

        @Override
        public void sent(long bytes) {
            sentBytes.addAndGet(bytes);
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                openCursors.decrementAndGet();
            }
        }
    }
}
