package dev.nicol.server.catalog;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.policy.ColumnFacts;
import dev.nicol.policy.TableFacts;
import dev.nicol.policy.TableName;
import dev.nicol.policy.check.KnownCatalogue;
import dev.nicol.policy.classify.Classifications;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.jspecify.annotations.Nullable;

/** What policies can speak of, from the catalogue of sources and the virtual schemas. */
public final class PolicyGround {
    private static final String SYSTEM = "nicol";

    private PolicyGround() {}

    /**
     * Everything at one moment.
     *
     * @param views null where they cannot be told, as without the store
     */
    public static KnownCatalogue of(
            CatalogSnapshot snapshot,
            VirtualSchemas.@Nullable State views,
            Classifications tags,
            Catalogs.SqlReader reader) {
        RelDataTypeFactory types = NicolTypeSystem.factory();
        Map<TableName, TableFacts> tables = new LinkedHashMap<>();
        Set<String> catalogs = new HashSet<>(Set.of(KnownCatalogue.VIRTUAL, SYSTEM));
        Set<String> unread = new HashSet<>(unread(snapshot));
        snapshot.sources().forEach((name, source) -> {
            catalogs.add(name);
            source.tables()
                    .values()
                    .forEach(table -> tables.put(
                            table.name(),
                            new TableFacts(
                                    table.name(),
                                    table.columns().stream()
                                            .map(column -> new ColumnFacts(
                                                    column.name(),
                                                    column.type(),
                                                    tags.tags(table.name(), column.name())))
                                            .toList())));
        });
        if (!snapshot.sources().containsKey(SYSTEM)) {
            unread.add(SYSTEM);
        }
        Set<String> viewNames = new HashSet<>();
        if (views == null) {
            unread.add(KnownCatalogue.VIRTUAL);
        } else {
            views.views().values().forEach(view -> viewNames.add(view.name().toString()));
        }
        InformationSchema.tables(List::of, Map.of(), List::of)
                .keySet()
                .forEach(name -> viewNames.add(SYSTEM + "." + InformationSchema.SCHEMA + "." + name));
        StoredCatalog stored = new StoredCatalog(snapshot, types, reader::expression);
        return new KnownCatalogue(
                new ArrayList<>(tables.values()), viewNames, catalogs, unread, new StoredRows(stored, tables, unread));
    }

    /**
     * Sources of which nothing is known: those that have never answered, and empty ones, whose tables somebody is about to
     * make.
     */
    public static Set<String> unread(CatalogSnapshot snapshot) {
        Set<String> unread = new HashSet<>();
        snapshot.sources().forEach((name, source) -> {
            if (source.tables().isEmpty()) {
                unread.add(name);
            }
        });
        return unread;
    }
}
