package dev.nicol.server.catalog;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.Decision;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classification;
import dev.nicol.policy.classify.Classifications;
import dev.nicol.server.materialized.MaterializedView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.jspecify.annotations.Nullable;

/**
 * The catalogue of every subject with one policy fingerprint, at one version of sources and views: Calcite's tree of
 * governed tables, and what metadata calls list.
 */
public final class GovernedCatalog implements SubjectCatalog {
    private final Version version;
    private final CatalogSnapshot snapshot;
    private final CalciteSchema root;
    private final RelDataTypeFactory types;
    private final Map<TableName, Decision> decisions;
    private final Map<TableName, StoredTable> stored;
    private final Classifications classifications;
    private final List<VisibleTable> visible;
    private final PlanningSpace.ViewSource views;
    private final Function<TableName, Decision> decideNew;
    private final StorageTables storage;

    /** What a plan made here depends on; another version makes it stale. */
    public record Version(String fingerprint, long sources, long views, long classifications) {
        /** Whether all but the rights is the same. */
        public boolean isOfSameGround(Version other) {
            return sources == other.sources && views == other.views && classifications == other.classifications;
        }
    }

    GovernedCatalog(
            Version version,
            CatalogSnapshot snapshot,
            CalciteSchema root,
            RelDataTypeFactory types,
            Map<TableName, Decision> decisions,
            Map<TableName, StoredTable> stored,
            Classifications classifications,
            List<VisibleTable> visible,
            PlanningSpace.ViewSource views,
            Function<TableName, Decision> decideNew,
            StorageTables storage) {
        this.version = version;
        this.snapshot = snapshot;
        this.root = root;
        this.types = types;
        this.decisions = Map.copyOf(decisions);
        this.stored = stored;
        this.classifications = classifications;
        this.visible = visible.stream()
                .sorted(Comparator.comparing(VisibleTable::name))
                .toList();
        this.views = views;
        this.decideNew = decideNew;
        this.storage = storage;
    }

    public Version version() {
        return version;
    }

    /** A space to plan one statement in. */
    public PlanningSpace space(@Nullable String defaultCatalog, @Nullable String defaultSchema) {
        List<String> path = new ArrayList<>();
        if (defaultCatalog != null) {
            path.add(defaultCatalog);
        }
        if (defaultSchema != null) {
            path.add(defaultSchema);
        }
        return PlanningSpace.over(root, path, types, views);
    }

    /** The tables that rows of materialised views are kept in. */
    public StorageTables storage() {
        return storage;
    }

    /** The same space, where rows that are kept answer in place of what views read. */
    public PlanningSpace answeringFrom(PlanningSpace space, Map<TableName, MaterializedView.Rows> rows) {
        return space.answeringFrom(storage.kept(rows));
    }

    /** The decision on a table that is visible; null for views and system facts. */
    public @Nullable Decision decision(TableName table) {
        return decisions.get(table);
    }

    /** What is known of a stored column; empty for the system's own, and for views, which store nothing. */
    public List<Classification> classifications(TableName table, String column) {
        return isStored(table) ? classifications.of(table, column) : List.of();
    }

    private static boolean isStored(TableName table) {
        return !table.catalog().equals("nicol") && !table.catalog().equals(VirtualSchemas.CATALOG);
    }

    /** Whether a stored column is tagged, or nobody knows yet what it holds. */
    public boolean isTagged(TableName table, String column) {
        return isStored(table) && !classifications.tags(table, column).isEmpty();
    }

    /** Whether a column is tagged only because tagged values were written to it. */
    public boolean isCopy(TableName table, String column) {
        return classifications.isCopy(table, column);
    }

    /** The decision on a table that is to be created. */
    public Decision decideNew(TableName table) {
        return decideNew.apply(table);
    }

    /** The stored form of a visible table; null for views and system facts. */
    public @Nullable StoredTable stored(TableName table) {
        return decisions.containsKey(table) ? stored.get(table) : null;
    }

    /**
     * The source by that name.
     *
     * @throws dev.nicol.policy.NicolException {@code UNKNOWN_TABLE}
     */
    public SourceCatalog source(String name) {
        SourceCatalog source = snapshot.sources().get(name);
        if (source == null) {
            throw NicolError.UNKNOWN_TABLE.because("There is no source `" + name + "`.");
        }
        return source;
    }

    /**
     * Why a table cannot be known: its source has not answered since the server started. Told only to subjects who have a
     * grant for the name; for others it is as unknown as any.
     *
     * @param name dotted, of three parts; null is answered for others
     */
    public @Nullable String unreadSource(String name) {
        String[] parts = name.split("\\.", -1);
        SourceCatalog source = parts.length == 3 ? sourceIgnoringCase(parts[0]) : null;
        if (source == null || source.unavailable() == null || !source.tables().isEmpty()) {
            return null;
        }
        TableName table = new TableName(source.source(), parts[1], parts[2]);
        return decideNew(table).visible() ? source.unavailable() : null;
    }

    /** The source by that name in any case; null where there is none. */
    public @Nullable SourceCatalog sourceIgnoringCase(String name) {
        for (SourceCatalog source : snapshot.sources().values()) {
            if (source.source().equalsIgnoreCase(name)) {
                return source;
            }
        }
        return null;
    }

    @Override
    public Map<String, List<String>> schemas() {
        Map<String, List<String>> schemas = new TreeMap<>();
        for (VisibleTable table : visible) {
            List<String> names = schemas.computeIfAbsent(table.name().catalog(), added -> new ArrayList<>());
            if (!names.contains(table.name().schema())) {
                names.add(table.name().schema());
            }
        }
        schemas.values().forEach(names -> names.sort(Comparator.naturalOrder()));
        return schemas;
    }

    @Override
    public List<VisibleTable> tables() {
        return visible;
    }
}
