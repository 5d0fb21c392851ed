package dev.nicol.server.pipeline;

import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.Sealer;
import dev.nicol.server.catalog.StorageTables;
import dev.nicol.server.materialized.PlanDigest;
import dev.nicol.server.parser.RefreshMaterializedView;
import java.util.List;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;

/**
 * {@code REFRESH MATERIALIZED VIEW … WITH DATA}: what a view reads, governed as for whoever asks, takes the place of all that is
 * in the storage table of that very plan.
 */
final class FillConversion {
    private final ValidatedStatement validated;

    FillConversion(ValidatedStatement validated) {
        this.validated = validated;
    }

    /**
     * Refuses to fill any table but the one that a refresh has made sure of: what it says of its rows afterwards, it says of
     * that one.
     *
     * @throws dev.nicol.policy.NicolException NOT_PERMITTED for who refreshes nothing; TOO_MANY where rights have changed since
     */
    static void permit(GovernedStatement governed, Session session) {
        if (governed.parsed().kind() != StatementKind.FILL_MATERIALIZED_VIEW) {
            return;
        }
        TableName filled = session.filled();
        if (filled == null) {
            throw NicolError.NOT_PERMITTED.because(
                    "WITH DATA is what Nicol itself does in a refresh. Write REFRESH MATERIALIZED VIEW without it.");
        } else if (!(governed.body() instanceof Body.Insert insert)
                || !insert.target().name().equals(filled)) {
            throw NicolError.TOO_MANY.because(
                    "What the view's definer may read has changed while it was refreshed. Refresh it again.");
        }
    }

    Body.Insert insert() {
        RefreshMaterializedView refresh =
                (RefreshMaterializedView) validated.parsed().node();
        TableName view = ViewCommands.viewName(refresh.view().names);
        RelRoot root = validated.space().definition(view);
        StorageTables tables = validated.catalog().storage();
        TableName name = tables.of(view, PlanDigest.of(root.rel).orRefuse());
        StoredTable stored = tables.table(name);
        if (stored == null) {
            throw NicolError.NOT_SUPPORTED.because("What the rows of `" + view
                    + "` are kept in is not made yet, or its policies have just changed. Refresh it again.");
        }
        RelNode rows = Sealer.bound(root.project());
        List<String> columns = stored.rowType().getFieldNames();
        return new Body.Insert(
                new Body.Target(name, tables.decision(name), stored),
                columns,
                rows,
                tables.scan(validated.space().cluster(), name),
                List.of(),
                true);
    }
}
