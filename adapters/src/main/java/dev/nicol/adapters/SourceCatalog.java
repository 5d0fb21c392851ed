package dev.nicol.adapters;

import dev.nicol.policy.TableName;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one source holds, as of its last successful read.
 *
 * @param environment {@code development}, {@code staging} or {@code production}
 * @param schemas names of all schemas, empty ones included
 * @param unavailable why its tables cannot be used now; null when they can
 */
public record SourceCatalog(
        String source,
        String kind,
        String environment,
        List<String> schemas,
        Map<TableName, SourceTable> tables,
        @Nullable String unavailable) {
    public SourceCatalog {
        schemas = List.copyOf(schemas);
        tables = Map.copyOf(tables);
    }

    /** The same tables, which cannot be used now. */
    SourceCatalog unavailable(String reason) {
        return new SourceCatalog(source, kind, environment, schemas, tables, reason);
    }
}
