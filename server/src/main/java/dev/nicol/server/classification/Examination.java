package dev.nicol.server.classification;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.StoredTable;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.execution.MemoryBudget;
import dev.nicol.adapters.execution.SourceExecution;
import dev.nicol.adapters.execution.SourceExecution.Loan;
import dev.nicol.adapters.execution.TableSample;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.classify.Classifier;
import dev.nicol.policy.classify.ColumnSample;
import dev.nicol.server.classification.TableTags.Examined;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at columns of one table: reads a sample with the server's own right and asks the detectors. No policy stands
 * between; the values stay in memory until the detectors have answered, and go nowhere else.
 */
final class Examination {
    /** One query of a sample is cancelled after this many seconds. */
    static final long SAMPLE_TIMEOUT_S = 30;

    private static final Logger LOG = LoggerFactory.getLogger(Examination.class);

    private final Source source;
    private final int sampleRows;
    private final ScheduledExecutorService timer;
    private final Clock clock;

    Examination(Source source, int sampleRows, ScheduledExecutorService timer, Clock clock) {
        this.source = source;
        this.sampleRows = sampleRows;
        this.timer = timer;
        this.clock = clock;
    }

    /** The source gave no connection: its other tables need not be tried. */
    static final class Unreachable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unreachable(NicolException cause) {
            super(cause);
        }
    }

    /**
     * What was found, by column. A column that cannot be read is left out: it stays unclassified.
     *
     * @throws Unreachable where the source gives no connection
     */
    Map<String, Examined> of(SourceTable table, List<SourceColumn> columns, TagRegistry registry) {
        Map<String, Examined> results = new HashMap<>();
        if (sampleRows == 0) {
            TableSample.Values none = new TableSample.Values(0, Map.of());
            columns.forEach(column -> results.put(column.name(), examined(table, column, none, registry)));
            return results;
        }
        try {
            TableSample.Values sample = sample(table, columns);
            columns.forEach(column -> results.put(column.name(), examined(table, column, sample, registry)));
        } catch (NicolException failure) {
            LOG.warn("table {} could not be sampled: {}", table.name(), failure.getMessage());
            if (failure.error() == NicolError.DATA && columns.size() > 1) {
                // one value that cannot be read must not keep the other columns hidden
                columns.forEach(column -> results.putAll(of(table, List.of(column), registry)));
            }
        }
        return results;
    }

    private Examined examined(SourceTable table, SourceColumn column, TableSample.Values sample, TagRegistry registry) {
        List<String> values = sample.values().getOrDefault(column.name(), List.of());
        return new Examined(
                registry.structure(column),
                sample.rows(),
                table.rowCount(),
                clock.instant(),
                Classifier.classify(new ColumnSample(table.name(), column.name(), column.type(), values)));
    }

    private TableSample.Values sample(SourceTable table, List<SourceColumn> columns) {
        SourceExecution execution = new SourceExecution(this::borrow, index -> null, MemoryBudget.unbounded());
        ScheduledFuture<?> timeout = timer.schedule(
                () -> execution.cancel(NicolError.CANCELLED.because("sampling `" + table.name() + "` took too long")),
                SAMPLE_TIMEOUT_S,
                TimeUnit.SECONDS);
        try {
            return new TableSample(
                            new StoredTable(table, NicolTypeSystem.factory()), source.adapter(), execution, sampleRows)
                    .of(columns);
        } catch (NicolException | Unreachable known) {
            throw known;
        } catch (RuntimeException | AssertionError unreadable) {
            // the class alone: what a reader says of a value may hold it
            throw NicolError.DATA.because("a value of `" + table.name() + "` cannot be read ("
                    + unreadable.getClass().getName() + ")");
        } finally {
            timeout.cancel(false);
            execution.close();
        }
    }

    private Loan borrow(String name) {
        try {
            Connection connection = source.connection();
            return new Loan(
                    connection,
                    source.adapter(),
                    source.definition().environment(),
                    false,
                    () -> giveBack(connection),
                    source::failed,
                    "");
        } catch (NicolException failure) {
            throw new Unreachable(failure);
        }
    }

    private void giveBack(Connection connection) {
        try (connection) {
            source.adapter().endStreaming(connection);
            if (!connection.getAutoCommit()) {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        } catch (SQLException failure) {
            LOG.debug("giving a connection back failed; its pool will drop it", failure);
        }
    }
}
