package dev.nicol.server.catalog;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.common.collect.Multimap;
import com.google.common.collect.Multimaps;
import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceKey;
import dev.nicol.adapters.StoredTable;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.ColumnFacts;
import dev.nicol.policy.Decision;
import dev.nicol.policy.PolicyEngine;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableFacts;
import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classifications;
import dev.nicol.policy.rewrite.GovernedTable;
import dev.nicol.policy.rewrite.Sealer;
import dev.nicol.server.audit.LineageGraph;
import dev.nicol.server.materialized.MaterializedViews;
import dev.nicol.server.materialized.StorageName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Table;
import org.apache.calcite.sql.SqlNode;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Builds each fingerprint's catalogue once per version of policy, sources and views. */
public final class Catalogs implements SubjectCatalogs {
    /** Catalogues kept; one for each set of rights in use. */
    private static final int MAX_CATALOGUES = 256;

    private static final Logger LOG = LoggerFactory.getLogger(Catalogs.class);

    private final Supplier<CatalogSnapshot> sources;
    private final VirtualSchemas virtualSchemas;
    private final Function<CatalogSnapshot, Classifications> classifications;
    private final PolicyEngine engine;
    private final SqlReader reader;
    private final LineageGraph lineage;
    private final ViewLineage viewLineage;
    private final MaterializedViews materialized;
    private final BoundValue.KeyPads keys;
    private final RelDataTypeFactory types = NicolTypeSystem.factory();
    private final Cache<GovernedCatalog.Version, GovernedCatalog> governed =
            Caffeine.newBuilder().maximumSize(MAX_CATALOGUES).build();
    private volatile @Nullable Stored stored;

    private record Stored(long version, StoredCatalog catalog) {}

    /** Parses SQL. */
    public interface SqlReader {
        SqlNode statement(String sql);

        SqlNode expression(String sql);
    }

    /** @param keys of the hashes that rows are known by in the trail */
    public Catalogs(
            Supplier<CatalogSnapshot> sources,
            VirtualSchemas virtualSchemas,
            Function<CatalogSnapshot, Classifications> classifications,
            PolicyEngine engine,
            SqlReader reader,
            LineageGraph lineage,
            ViewLineage viewLineage,
            MaterializedViews materialized,
            BoundValue.KeyPads keys) {
        this.sources = sources;
        this.materialized = materialized;
        this.virtualSchemas = virtualSchemas;
        this.classifications = classifications;
        this.engine = engine;
        this.reader = reader;
        this.lineage = lineage;
        this.viewLineage = viewLineage;
        this.keys = keys;
    }

    @Override
    public GovernedCatalog of(Subject subject) {
        CatalogSnapshot snapshot = sources.get();
        VirtualSchemas.State views = virtualSchemas.state();
        Classifications tags = classifications.apply(snapshot);
        GovernedCatalog.Version version = new GovernedCatalog.Version(
                engine.fingerprint(subject), snapshot.version(), views.version(), tags.version());
        GovernedCatalog found = governed.getIfPresent(version);
        if (found != null) {
            return found;
        }
        GovernedCatalog built = build(version, snapshot, views, tags, subject);
        if (!engine.fingerprint(subject).equals(version.fingerprint())) {
            // The policy changed while its decisions were asked for: they may be of either.
            return of(subject);
        }
        governed.put(version, built);
        return built;
    }

    private StoredCatalog stored(CatalogSnapshot snapshot) {
        Stored known = stored;
        if (known == null || known.version() != snapshot.version()) {
            known = new Stored(snapshot.version(), new StoredCatalog(snapshot, types, reader::expression));
            stored = known;
        }
        return known.catalog();
    }

    private GovernedCatalog build(
            GovernedCatalog.Version version,
            CatalogSnapshot snapshot,
            VirtualSchemas.State views,
            Classifications tags,
            Subject subject) {
        StoredCatalog raw = stored(snapshot);
        Sealer sealer = new Sealer(raw);
        Map<TableName, Table> tables = new LinkedHashMap<>();
        Map<TableName, Decision> decisions = new LinkedHashMap<>();
        List<SubjectCatalog.VisibleTable> visible = new ArrayList<>();
        raw.tables().forEach((name, table) -> {
            if (StorageName.is(name)) {
                return;
            }
            Decision decision = engine.decide(subject, facts(table, tags));
            boolean shown = decision.columns().stream().anyMatch(column -> !column.denied());
            if (decision.visible() && shown) {
                GovernedTable governedTable = new GovernedTable(
                        table.rowType(),
                        decision,
                        version.fingerprint(),
                        sealer,
                        table.getStatistic(),
                        optional(table));
                tables.put(name, governedTable);
                decisions.put(name, decision);
                visible.add(new SubjectCatalog.VisibleTable(
                        name,
                        kind(table),
                        governedTable.getRowType(types),
                        keys(table, governedTable.getRowType(types)),
                        table.table().comment(),
                        comments(table)));
            }
        });
        Map<String, Table> facts = InformationSchema.tables(
                () -> visible,
                views.remarks(),
                () -> viewFacts(subject, views, viewLineage.definitions(snapshot, views), visible));
        facts.forEach((name, table) -> {
            TableName full = new TableName("nicol", InformationSchema.SCHEMA, name);
            tables.put(full, table);
            visible.add(new SubjectCatalog.VisibleTable(full, "SYSTEM TABLE", table.getRowType(types), null));
        });
        Map<String, Multimap<String, org.apache.calcite.schema.Function>> functions = new TreeMap<>();
        functions.put(LineageFunctions.SCHEMA, Multimaps.forMap(LineageFunctions.of(lineage, decisions, types)));
        functions.put(TouchedFunction.SCHEMA, TouchedFunction.of(tables, raw.tables(), keys));
        new SubjectViews(
                        table -> engine.decide(subject, table),
                        version.fingerprint(),
                        reader,
                        types,
                        new SubjectViews.Seen(raw, tables, functions, decisions, visible))
                .add(views, viewLineage.definitions(snapshot, views));
        CalciteSchema root = SchemaTree.of(tables, functions);
        return new GovernedCatalog(
                version,
                snapshot,
                root,
                types,
                decisions,
                raw.tables(),
                tags,
                visible,
                reader::statement,
                name -> engine.decide(subject, new TableFacts(name, List.of())),
                new StorageTables(raw, version.fingerprint(), materialized));
    }

    /** A key with a column that is denied would tell of it. */
    private static List<SourceKey> keys(StoredTable table, RelDataType visible) {
        List<String> columns = visible.getFieldNames();
        return table.table().keys().stream()
                .filter(key -> columns.containsAll(key.columns()))
                .toList();
    }

    private static String kind(StoredTable table) {
        return table.table().name().catalog().equals("nicol")
                ? "SYSTEM TABLE"
                : table.table().kind();
    }

    /** Stewards and auditors know of every view; others of those they can read, and that they read what they can see. */
    private static List<InformationSchema.ViewFacts> viewFacts(
            Subject subject,
            VirtualSchemas.State views,
            Map<TableName, ViewLineage.Definition> definitions,
            List<SubjectCatalog.VisibleTable> visible) {
        boolean all = subject.roles().contains("steward") || subject.roles().contains("auditor");
        Set<TableName> seen =
                visible.stream().map(SubjectCatalog.VisibleTable::name).collect(Collectors.toSet());
        List<InformationSchema.ViewFacts> facts = new ArrayList<>();
        for (VirtualSchemas.View view : views.views().values()) {
            ViewLineage.Definition definition = definitions.get(view.name());
            if (definition == null || !all && !seen.contains(view.name())) {
                continue;
            }
            BrokenDefinition broken = definition.broken();
            Set<TableName> uses = new TreeSet<>(definition.uses());
            uses.removeIf(used -> !all && !seen.contains(used));
            facts.add(
                    all
                            ? new InformationSchema.ViewFacts(
                                    view.name(),
                                    view.definition(),
                                    view.owner(),
                                    broken == null ? null : broken.text(),
                                    definition.drifted(),
                                    view.comment(),
                                    uses)
                            : new InformationSchema.ViewFacts(view.name(), "", null, null, null, view.comment(), uses));
        }
        return facts;
    }

    private static Map<String, String> comments(StoredTable table) {
        Map<String, String> comments = new TreeMap<>();
        for (SourceColumn column : table.table().columns()) {
            if (column.comment() != null && !column.comment().isEmpty()) {
                comments.put(column.name(), column.comment());
            }
        }
        return comments;
    }

    private static Set<String> optional(StoredTable table) {
        return table.table().columns().stream()
                .filter(column -> column.generated() || column.defaultExpression() != null)
                .map(SourceColumn::name)
                .collect(Collectors.toSet());
    }

    private static TableFacts facts(StoredTable table, Classifications tags) {
        TableName name = table.table().name();
        // what is in the system's own tables is known
        boolean own = name.catalog().equals("nicol");
        List<ColumnFacts> columns = table.table().columns().stream()
                .map(column ->
                        new ColumnFacts(column.name(), column.type(), own ? Set.of() : tags.tags(name, column.name())))
                .toList();
        return new TableFacts(name, columns);
    }
}
