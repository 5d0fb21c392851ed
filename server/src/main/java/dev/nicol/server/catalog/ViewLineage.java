package dev.nicol.server.catalog;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.NicolTypeSystem;
import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageExtractor;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.Catalogs.SqlReader;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Table;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which stored columns the columns of virtual views come from, whoever reads them. */
public final class ViewLineage {
    private static final Logger LOG = LoggerFactory.getLogger(ViewLineage.class);

    private final SqlReader reader;
    private final RelDataTypeFactory types = NicolTypeSystem.factory();

    public ViewLineage(SqlReader reader) {
        this.reader = reader;
    }

    /** The lineage of every view that holds over the stored tables; nothing of any row is read. */
    public Map<TableName, Lineage> of(CatalogSnapshot snapshot, VirtualSchemas.State views) {
        Map<TableName, Lineage> lineages = new LinkedHashMap<>();
        Map<TableName, Table> tables =
                new LinkedHashMap<>(new StoredCatalog(snapshot, types, reader::expression).tables());
        Set<VirtualSchemas.View> left = new LinkedHashSet<>(views.views().values());
        boolean added = true;
        while (added) {
            // a view may read views: pass over what is left until a pass adds nothing
            added = left.removeIf(view -> added(view, tables, lineages));
        }
        return lineages;
    }

    private boolean added(VirtualSchemas.View view, Map<TableName, Table> tables, Map<TableName, Lineage> lineages) {
        try {
            PlanningSpace space = PlanningSpace.over(
                    SchemaTree.of(tables),
                    List.of(view.name().catalog(), view.name().schema()),
                    types,
                    reader::statement);
            RelRoot root = space.convert(reader.statement(view.sql()));
            lineages.put(
                    view.name(), LineageExtractor.of(root.project()).renamed(root.validatedRowType.getFieldNames()));
            tables.put(view.name(), new OpenView(view, root.validatedRowType));
            return true;
        } catch (RuntimeException unresolved) {
            LOG.debug("the lineage of view {} cannot be told", view.name(), unresolved);
            return false;
        }
    }

    /** A view as its text says, without anybody's policy: only ever traced, never run. */
    private static final class OpenView extends AbstractTable implements TranslatableTable {
        private final VirtualSchemas.View view;
        private final RelDataType rowType;

        OpenView(VirtualSchemas.View view, RelDataType rowType) {
            this.view = view;
            this.rowType = rowType;
        }

        @Override
        public RelDataType getRowType(RelDataTypeFactory types) {
            return rowType;
        }

        @Override
        public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
            List<String> path = List.of(view.name().catalog(), view.name().schema());
            return context.expandView(rowType, view.sql(), path, view.name().parts()).rel;
        }
    }
}
