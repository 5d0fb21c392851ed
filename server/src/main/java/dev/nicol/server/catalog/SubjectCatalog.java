package dev.nicol.server.catalog;

import dev.nicol.adapters.SourceKey;
import dev.nicol.policy.TableName;
import java.util.List;
import java.util.Map;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/**
 * The catalogue as one subject sees it: denied tables and columns do not exist. Immutable; built once per policy
 * fingerprint and catalogue version.
 */
public interface SubjectCatalog {
    /** Catalog names to schema names, both sorted; catalogs and schemas without a visible table are left out. */
    Map<String, List<String>> schemas();

    /** Visible tables, sorted by name. */
    List<VisibleTable> tables();

    /**
     * One table.
     *
     * @param kind {@code TABLE}, {@code VIEW} or {@code SYSTEM TABLE}
     * @param rowType visible columns with their masked types
     * @param keys those of visible columns only; a foreign key may be to what is not visible
     * @param columnComments by column; those of hidden ones may be among them
     */
    record VisibleTable(
            TableName name,
            String kind,
            RelDataType rowType,
            List<SourceKey> keys,
            @Nullable String comment,
            Map<String, String> columnComments) {
        public VisibleTable {
            keys = List.copyOf(keys);
            columnComments = Map.copyOf(columnComments);
        }

        public VisibleTable(TableName name, String kind, RelDataType rowType, @Nullable String comment) {
            this(name, kind, rowType, List.of(), comment, Map.of());
        }
    }
}
