package dev.nicol.adapters.execution;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceFailures;
import dev.nicol.adapters.SourceIdentity;
import dev.nicol.adapters.sql.SourceSql;
import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.rewrite.LookUpReader;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one statement does at its sources: queries that stream, writes, one way to cancel them all, and a record of every
 * SQL text sent. Closing it gives everything back, on every path.
 */
public final class SourceExecution implements AutoCloseable {
    /** Rows of an INSERT from elsewhere that go to the source at once. */
    public static final int INSERT_BATCH_ROWS = 500;

    private static final Logger LOG = LoggerFactory.getLogger(SourceExecution.class);

    private final Lender lender;
    private final IntFunction<@Nullable Object> parameters;
    private final MemoryBudget memory;
    private final List<SourceQuery> queries = new CopyOnWriteArrayList<>();
    private final List<EarlyReads> early = new CopyOnWriteArrayList<>();
    private final List<Sent> sent = new CopyOnWriteArrayList<>();
    private final List<@Nullable Object> lookedUp = new ArrayList<>();
    private boolean forPolicy;
    private volatile @Nullable Statement writing;
    private volatile @Nullable NicolException cancelled;

    /**
     * @param parameters the value of a parameter index in the engine's representation
     * @param memory what the statement may hold; closed with this
     */
    public SourceExecution(Lender lender, IntFunction<@Nullable Object> parameters, MemoryBudget memory) {
        this.lender = lender;
        this.parameters = parameters;
        this.memory = memory;
    }

    /** Lends connections; knows whether a transaction pins one. */
    public interface Lender {
        Loan borrow(String source);

        /** One that reads what policies look up: with the rights that Nicol itself has at the source. */
        default Loan borrowForPolicy(String source) {
            return borrow(source);
        }

        /** A connection for a query that is sent before its rows are asked for; null where it might have to wait for one. */
        default @Nullable Early early(String source) {
            return null;
        }
    }

    /**
     * Leave to take a connection early.
     *
     * @param borrow from any thread
     * @param ended told when the rows are asked for, or never will be
     */
    public record Early(Supplier<Loan> borrow, Runnable ended) {}

    /**
     * A connection for the time of one query.
     *
     * @param pinned a transaction holds it: it is neither committed nor given back here
     * @param failed told of every failure, so that a pool can forget dead connections
     * @param comment stands behind every statement (see {@link SourceIdentity#comment()})
     */
    public record Loan(
            Connection connection,
            SourceAdapter adapter,
            String environment,
            boolean pinned,
            Runnable giveBack,
            Consumer<SQLException> failed,
            String comment) {}

    /** One SQL text as it was sent. */
    public record Sent(String source, String environment, String sql, AtomicLong rows, AtomicLong durationMs) {}

    /** What becomes of a query's rows. */
    public enum Use {
        /** They go to the client as they come. */
        ANSWER,
        /** They are written elsewhere, one by one. */
        COPY,
        /** They are joined here, and so count against the budget. */
        JOIN
    }

    /** What is opened while {@code reading} runs belongs to policies, not to the subject. */
    public <T> T forPolicy(Supplier<T> reading) {
        boolean before = forPolicy;
        forPolicy = true;
        try {
            return reading.get();
        } finally {
            forPolicy = before;
        }
    }

    /** Runs a query; rows arrive as they are read. */
    public SourceQuery open(SourceSql sql, Use use) {
        return open(sql, Map.of(), use);
    }

    /** @param keys values of parameters that are this query's own */
    SourceQuery open(SourceSql sql, Map<Integer, Object> keys, Use use) {
        refuseCancelled();
        Loan loan = forPolicy ? lender.borrowForPolicy(sql.source()) : lender.borrow(sql.source());
        SourceQuery query = query(sql, keys, loan, use);
        query.send();
        return query;
    }

    /** A query that is not sent yet. */
    SourceQuery query(SourceSql sql, Map<Integer, Object> keys, Loan loan, Use use) {
        SourceQuery query = new SourceQuery(this, sql, keys, loan, use);
        queries.add(query);
        return query;
    }

    /** Null where a query that is sent before it is asked for would wait for others. What policies look up waits its turn. */
    @Nullable
    Early early(String source) {
        return forPolicy ? null : lender.early(source);
    }

    /** Sends queries before their rows are asked for; what is left of them ends with this execution at the latest. */
    EarlyReads sendEarly(List<SourceSql> queries) {
        EarlyReads reads = new EarlyReads(this);
        early.add(reads);
        queries.forEach(reads::send);
        return reads;
    }

    /** Runs a write; the caller owns the transaction. */
    public long update(SourceSql sql, Loan loan) {
        refuseCancelled();
        Sent record = record(sql, loan);
        long started = System.nanoTime();
        try (PreparedStatement statement = loan.connection().prepareStatement(record.sql())) {
            bind(sql, loan.adapter(), statement);
            writing(statement);
            long rows = statement.executeLargeUpdate();
            record.rows().set(rows);
            return rows;
        } catch (SQLException failure) {
            throw failed(loan, sql.source(), failure);
        } finally {
            writing = null;
            record.durationMs().set((System.nanoTime() - started) / 1_000_000);
        }
    }

    /** Runs a query for one number on a connection that writes, so that the write sees what it saw. */
    public long count(SourceSql sql, Loan loan) {
        return count(sql, this::parameter, loan);
    }

    /** @param values of the query's parameters; bound values of policies are known without */
    public long count(SourceSql sql, IntFunction<@Nullable Object> values, Loan loan) {
        return asked(sql, values, loan, rows -> {
            rows.next();
            return rows.getLong(1);
        });
    }

    /** Runs a query for few rows on a connection that writes. Rows are in the engine's representation. */
    public List<@Nullable Object[]> rows(SourceSql sql, Loan loan) {
        return asked(sql, this::parameter, loan, rows -> {
            SourceAdapter.ValueReader[] readers = SourceQuery.readers(loan.adapter(), sql.rowType(), true);
            List<@Nullable Object[]> read = new ArrayList<>();
            while (rows.next()) {
                @Nullable Object[] row = SourceQuery.row(rows, readers);
                memory.hold(row);
                read.add(row);
            }
            return read;
        });
    }

    private interface Answer<T> {
        T of(ResultSet rows) throws SQLException;
    }

    private <T> T asked(SourceSql sql, IntFunction<@Nullable Object> values, Loan loan, Answer<T> answer) {
        refuseCancelled();
        Sent record = record(sql, loan);
        long started = System.nanoTime();
        try (PreparedStatement statement = loan.connection().prepareStatement(record.sql())) {
            bind(
                    sql,
                    loan.adapter(),
                    statement,
                    index -> BoundParameter.isBound(index) ? parameter(index) : values.apply(index));
            writing(statement);
            try (ResultSet rows = statement.executeQuery()) {
                T answered = answer.of(rows);
                record.rows().set(answered instanceof List<?> read ? read.size() : 1);
                return answered;
            }
        } catch (SQLException failure) {
            throw failed(loan, sql.source(), failure);
        } finally {
            writing = null;
            record.durationMs().set((System.nanoTime() - started) / 1_000_000);
        }
    }

    /**
     * Writes rows read elsewhere, in batches through one prepared statement; the caller owns the transaction.
     *
     * @param insert takes one row, whose values are its parameters
     * @param rows null at the end
     */
    public long insert(SourceSql insert, Supplier<@Nullable Object @Nullable []> rows, Loan loan) {
        Sent record = record(insert, loan);
        long started = System.nanoTime();
        try (PreparedStatement statement = loan.connection().prepareStatement(record.sql())) {
            writing(statement);
            int waiting = 0;
            long bytes = 0;
            for (@Nullable Object @Nullable [] row = rows.get(); row != null; row = rows.get()) {
                @Nullable Object[] values = row;
                bind(insert, loan.adapter(), statement, index -> values[index]);
                statement.addBatch();
                bytes += RowBytes.of(values);
                if (++waiting == INSERT_BATCH_ROWS || bytes >= MemoryBudget.BATCH_BYTES) {
                    record.rows().addAndGet(statement.executeBatch().length);
                    waiting = 0;
                    bytes = 0;
                }
            }
            if (waiting > 0) {
                refuseCancelled();
                record.rows().addAndGet(statement.executeBatch().length);
            }
            return record.rows().get();
        } catch (SQLException failure) {
            throw failed(loan, insert.source(), failure);
        } finally {
            writing = null;
            record.durationMs().set((System.nanoTime() - started) / 1_000_000);
        }
    }

    /** From here a cancellation reaches the write; one that came before is heeded. */
    private void writing(Statement statement) {
        writing = statement;
        refuseCancelled();
    }

    Sent record(SourceSql sql, Loan loan) {
        String text = SourceIdentity.commented(sql.text(), loan.comment());
        Sent record = new Sent(sql.source(), loan.environment(), text, new AtomicLong(), new AtomicLong());
        sent.add(record);
        return record;
    }

    void bind(SourceSql sql, SourceAdapter adapter, PreparedStatement statement) throws SQLException {
        bind(sql, adapter, statement, this::parameter);
    }

    /** @param keys values of parameters beside the statement's */
    void bind(SourceSql sql, Map<Integer, Object> keys, SourceAdapter adapter, PreparedStatement statement)
            throws SQLException {
        bind(sql, adapter, statement, index -> {
            Object key = keys.get(index);
            return key == null ? parameter(index) : key;
        });
    }

    private static void bind(
            SourceSql sql, SourceAdapter adapter, PreparedStatement statement, IntFunction<@Nullable Object> values)
            throws SQLException {
        int position = 1;
        for (int index : sql.parameters()) {
            RelDataType type = sql.parameterTypes().get(index);
            if (type == null) {
                throw new IllegalStateException("parameter " + index + " has no type");
            }
            adapter.bind(statement, position++, values.apply(index), type);
        }
    }

    /** The value of a parameter, for operators that run here. */
    public @Nullable Object parameter(int index) {
        return index >= LookUpReader.FIRST_PARAMETER
                ? lookedUp.get(index - LookUpReader.FIRST_PARAMETER)
                : parameters.apply(index);
    }

    /**
     * Keeps a value that a policy looked up; done before anything that needs it runs.
     *
     * @return its place, counted from {@link LookUpReader#FIRST_PARAMETER} as a parameter's index
     */
    public int keep(@Nullable Object value) {
        lookedUp.add(value);
        return lookedUp.size() - 1;
    }

    /** What the statement holds in memory. */
    public MemoryBudget memory() {
        return memory;
    }

    /** Everything sent so far, in order. */
    public List<Sent> sent() {
        return List.copyOf(sent);
    }

    /** Ends every query at its source; from then on each read throws {@code reason}. */
    public void cancel(NicolException reason) {
        cancelled = reason;
        queries.forEach(SourceQuery::cancel);
        Statement write = writing;
        if (write != null) {
            try {
                write.cancel();
            } catch (SQLException failure) {
                LOG.debug("cancelling a write failed", failure);
            }
        }
    }

    void refuseCancelled() {
        NicolException reason = cancelled;
        if (reason != null) {
            throw reason;
        }
    }

    /** A source's failure in the user's terms; the source's own words are for the trail. */
    RuntimeException failed(Loan loan, String source, SQLException failure) {
        loan.failed().accept(failure);
        NicolException reason = cancelled;
        if (reason != null) {
            return reason;
        }
        return SourceFailures.of(loan.adapter(), source, failure);
    }

    void closed(SourceQuery query) {
        queries.remove(query);
    }

    @Override
    public void close() {
        early.forEach(EarlyReads::close);
        List<SourceQuery> open = new ArrayList<>(queries);
        open.forEach(SourceQuery::close);
        memory.close();
    }
}
