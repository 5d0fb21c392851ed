package dev.nicol.adapters;

import dev.nicol.policy.TableName;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All sources at one moment; immutable.
 *
 * @param version grows by one whenever the structure of a table, or the availability of a source, changes; a refresh
 *     that finds nothing but new row counts keeps it
 */
public record CatalogSnapshot(long version, Map<String, SourceCatalog> sources) {
    public CatalogSnapshot {
        sources = Map.copyOf(sources);
    }

    public @Nullable SourceTable table(TableName name) {
        SourceCatalog source = sources.get(name.catalog());
        return source == null ? null : source.tables().get(name);
    }
}
