package dev.nicol.server.classification;

import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceTable;
import dev.nicol.policy.TableName;
import dev.nicol.server.classification.TableTags.Examined;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Which columns must be looked at: new ones, changed ones, and those of which too little was seen to be sure, once their
 * table has grown.
 */
final class DueColumns {
    /** A table that was not sampled in full is sampled again when it has this many times the rows. */
    static final int GROWTH_FACTOR = 2;

    /** A table whose sampling failed is tried again after this many seconds; the pause doubles with each failure. */
    static final long FIRST_PAUSE_S = 30;

    /** The longest such pause, in seconds. */
    static final long LONGEST_PAUSE_S = 3_600;

    private final TagRegistry registry;
    private final int sampleRows;

    /** Rows written through the endpoint since a table was last sampled. */
    private final Map<TableName, Long> written = new ConcurrentHashMap<>();

    private final Map<TableName, Pause> paused = new ConcurrentHashMap<>();

    private record Pause(long seconds, long untilNanos) {}

    /** A table and those of its columns that must be looked at. */
    record Due(SourceTable table, List<SourceColumn> columns) {}

    DueColumns(TagRegistry registry, int sampleRows) {
        this.registry = registry;
        this.sampleRows = sampleRows;
    }

    List<Due> of(SourceCatalog source) {
        List<Due> due = new ArrayList<>();
        List<SourceTable> views = new ArrayList<>();
        boolean grown = false;
        for (SourceTable table : source.tables().values()) {
            if (isPaused(table.name())) {
                continue;
            }
            List<SourceColumn> unknown = unknown(table);
            boolean grew = grew(table);
            grown |= grew;
            if (grew || !unknown.isEmpty()) {
                due.add(new Due(table, grew ? table.columns() : unknown));
            } else if (table.kind().equals("VIEW") && isPartial(table)) {
                views.add(table);
            }
        }
        if (grown) {
            // a view tells no row count: it grows with the tables it reads
            views.forEach(view -> due.add(new Due(view, view.columns())));
        }
        return due;
    }

    private List<SourceColumn> unknown(SourceTable table) {
        return table.columns().stream()
                .filter(column -> registry.examined(table.name(), column) == null)
                .toList();
    }

    private boolean isPartial(SourceTable table) {
        return sampleRows > 0
                && table.columns().stream().anyMatch(column -> {
                    Examined examined = registry.examined(table.name(), column);
                    return examined != null && examined.sampledRows() < sampleRows;
                });
    }

    private boolean grew(SourceTable table) {
        if (sampleRows == 0) {
            return false;
        }
        long more = written.getOrDefault(table.name(), 0L);
        for (SourceColumn column : table.columns()) {
            Examined examined = registry.examined(table.name(), column);
            if (examined != null && examined.sampledRows() < sampleRows) {
                double estimated = Math.max(1, examined.estimatedRows());
                long sampled = Math.max(1, examined.sampledRows());
                if (table.rowCount() >= GROWTH_FACTOR * estimated
                        || sampled + more >= GROWTH_FACTOR * sampled
                        || examined.sampledRows() == 0 && table.rowCount() >= 1 && examined.estimatedRows() < 1) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean isPaused(TableName table) {
        Pause pause = paused.get(table);
        return pause != null && pause.untilNanos() - System.nanoTime() > 0;
    }

    /** Rows came through the endpoint. */
    void wrote(TableName table, long rows) {
        written.merge(table, rows, Long::sum);
    }

    /** A table is about to be sampled: rows that come from now on are not in the sample. */
    void sampling(TableName table) {
        written.remove(table);
    }

    void failed(TableName table) {
        paused.compute(table, (name, before) -> {
            long seconds = before == null ? FIRST_PAUSE_S : Math.min(LONGEST_PAUSE_S, before.seconds() * 2);
            return new Pause(seconds, System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds));
        });
    }

    void succeeded(TableName table) {
        paused.remove(table);
    }

    /** The source has changed or come back: what failed may go well now. */
    void forgetFailures(String source) {
        paused.keySet().removeIf(table -> table.catalog().equals(source));
    }
}
