package dev.nicol.server.catalog;

import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.Action;
import dev.nicol.policy.Decision;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Sealer;
import dev.nicol.server.materialized.MaterializedView;
import dev.nicol.server.materialized.MaterializedViews;
import dev.nicol.server.materialized.PlanDigest;
import dev.nicol.server.materialized.StorageName;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/**
 * The tables that rows of materialised views are kept in. Nobody can name one. INVARIANT: a table's rows stand for what a view
 * reads only where the very plan that would read it, as governed for whoever asks, is the one that has filled the table.
 */
public final class StorageTables {
    private final StoredCatalog stored;
    private final String fingerprint;
    private final MaterializedViews views;

    StorageTables(StoredCatalog stored, String fingerprint, MaterializedViews views) {
        this.stored = stored;
        this.fingerprint = fingerprint;
        this.views = views;
    }

    /**
     * Where the rows of a view are kept that a plan of that digest reads.
     *
     * @throws dev.nicol.policy.NicolException UNKNOWN_TABLE where the view is not materialised
     */
    public TableName of(TableName view, String digest) {
        MaterializedView known = views.get(view);
        if (known == null) {
            throw NicolError.UNKNOWN_TABLE.because("There is no materialized view `" + view + "`.");
        }
        return StorageName.of(known.place(), view, digest);
    }

    /** Null where there is none of that name. */
    public @Nullable StoredTable table(TableName storage) {
        return StorageName.is(storage) ? stored.tables().get(storage) : null;
    }

    /** Everything of a storage table, sealed as of this policy. */
    public SealedScan scan(RelOptCluster cluster, TableName storage) {
        Decision decision = decision(storage);
        return new Sealer(stored).seal(cluster, stored.stored(storage), decision, fingerprint);
    }

    /** To read it whole, and to fill it. */
    public Decision decision(TableName storage) {
        StoredTable table = table(storage);
        if (table == null) {
            throw new IllegalStateException("no storage table is called " + storage);
        }
        List<Decision.Column> columns = table.table().columns().stream()
                .map(column -> new Decision.Column(
                        column.name(), false, null, null, "rows that the reader would read", List.of()))
                .toList();
        return new Decision(storage, Set.of(Action.SELECT, Action.INSERT), columns, List.of(), List.of(), null);
    }

    /** What is kept, in place of what views read. */
    PlanningSpace.KeptRows kept(Map<TableName, MaterializedView.Rows> rows) {
        return new PlanningSpace.KeptRows() {
            @Override
            public boolean has(TableName view) {
                return rows.containsKey(view);
            }

            @Override
            public @Nullable RelNode of(TableName view, RelRoot live, RelDataType rowType) {
                MaterializedView.Rows kept = rows.get(view);
                return kept != null
                                && table(kept.table()) != null
                                && live.rel.getRowType().getFieldCount() == rowType.getFieldCount()
                                && kept.digest().equals(PlanDigest.of(live.rel).digest())
                        ? RelOptUtil.createCastRel(scan(live.rel.getCluster(), kept.table()), rowType, true)
                        : null;
            }
        };
    }
}
