package dev.nicol.adapters;

import dev.nicol.policy.TableName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Gathers rows of system catalogues, in any order of queries, into a {@link SourceCatalog}. Columns, and the columns of
 * one key, come in their own order.
 */
public final class SourceTables {
    /** Rows of a table or view that no one has counted. */
    public static final double UNKNOWN_ROWS = 1000;

    private final SourceDefinition definition;
    private final TreeSet<String> schemas = new TreeSet<>();
    private final Map<TableName, Draft> drafts = new LinkedHashMap<>();

    public SourceTables(SourceDefinition definition) {
        this.definition = definition;
    }

    public void schema(String name) {
        schemas.add(name);
    }

    /** @param rowCount negative where the source does not know */
    public void table(String schema, String table, String kind, double rowCount, @Nullable String comment) {
        schemas.add(schema);
        drafts.put(name(schema, table), new Draft(List.of(schema, table), kind, rowCount, comment));
    }

    /** A table whose writes are for ever, whatever becomes of their transaction. */
    public void withoutTransactions(String schema, String table) {
        Draft draft = drafts.get(name(schema, table));
        if (draft != null) {
            draft.transactional = false;
        }
    }

    /** Ignored where the table is not known. */
    public void column(String schema, String table, SourceColumn column) {
        Draft draft = drafts.get(name(schema, table));
        if (draft != null) {
            draft.columns.put(column.name(), column);
        }
    }

    /** One column of a primary or unique key; ignored where the table is not known. */
    public void keyColumn(String schema, String table, String key, boolean primary, String column) {
        Draft draft = drafts.get(name(schema, table));
        if (draft != null) {
            draft.keys.computeIfAbsent(key, added -> new ArrayList<>()).add(column);
            if (primary) {
                draft.primary = key;
            }
        }
    }

    /**
     * Foreign keys, a row for each of their columns, in its order; ignored where the table is not known.
     *
     * @param rows schema, table, key and column; schema, table and column that it is to; what follows from an update and from a
     *     delete there, such as {@code NO ACTION}
     */
    public void foreignKeys(ResultSet rows) throws SQLException {
        while (rows.next()) {
            Draft draft = drafts.get(name(rows.getString(1), rows.getString(2)));
            if (draft != null) {
                TableName to = name(rows.getString(5), rows.getString(6));
                ForeignKey known = draft.foreign.get(rows.getString(3));
                ForeignKey key = known == null ? new ForeignKey(to, rows.getString(8), rows.getString(9)) : known;
                draft.foreign.put(rows.getString(3), key);
                key.add(rows.getString(4), rows.getString(7));
            }
        }
    }

    private record ForeignKey(
            TableName to, String onUpdate, String onDelete, List<String> columns, List<String> others) {
        ForeignKey(TableName to, String onUpdate, String onDelete) {
            this(to, onUpdate, onDelete, new ArrayList<>(), new ArrayList<>());
        }

        void add(String column, String other) {
            columns.add(column);
            others.add(other);
        }
    }

    /**
     * How many values a column has, by the source's own statistics; ignored where the table is not known.
     *
     * @param values negative: for each row of the table
     */
    public void distinct(String schema, String table, String column, double values) {
        Draft draft = drafts.get(name(schema, table));
        if (draft != null) {
            double counted = values < 0 ? -values * Math.max(1, draft.rowCount) : values;
            draft.statistics.compute(column, (name, said) -> or(said).withValues(counted));
        }
    }

    /**
     * In which share of its rows a column is NULL, by the source's own statistics; ignored where the table is not known.
     *
     * @param share 0 to 1
     */
    public void nulls(String schema, String table, String column, double share) {
        Draft draft = drafts.get(name(schema, table));
        if (draft != null) {
            draft.statistics.compute(column, (name, said) -> or(said).withNulls(share));
        }
    }

    private static ColumnStatistics or(@Nullable ColumnStatistics said) {
        return said == null ? ColumnStatistics.UNKNOWN : said;
    }

    /** What was gathered, as an available source. */
    public SourceCatalog catalog() {
        Map<TableName, SourceTable> tables = new LinkedHashMap<>();
        drafts.forEach((name, draft) -> tables.put(name, draft.table(name)));
        return new SourceCatalog(
                definition.name(), definition.kind(), definition.environment(), List.copyOf(schemas), tables, null);
    }

    private TableName name(String schema, String table) {
        return new TableName(definition.name(), schema, table);
    }

    private static final class Draft {
        private final List<String> physicalName;
        private final String kind;
        private final double rowCount;
        private final @Nullable String comment;
        private final Map<String, SourceColumn> columns = new LinkedHashMap<>();
        private final Map<String, List<String>> keys = new LinkedHashMap<>();
        private final Map<String, ForeignKey> foreign = new LinkedHashMap<>();
        private final Map<String, ColumnStatistics> statistics = new LinkedHashMap<>();
        private @Nullable String primary;
        private boolean transactional = true;

        Draft(List<String> physicalName, String kind, double rowCount, @Nullable String comment) {
            this.physicalName = physicalName;
            this.kind = kind;
            this.rowCount = rowCount;
            this.comment = comment;
        }

        SourceTable table(TableName name) {
            List<String> primaryKey = primary == null ? List.of() : keys.getOrDefault(primary, List.of());
            List<List<String>> uniqueKeys = new ArrayList<>();
            for (List<String> key : keys.values()) {
                // NULLs may repeat under a unique constraint, and then rows are not unique by it.
                if (key.equals(primaryKey) || key.stream().noneMatch(this::nullable)) {
                    uniqueKeys.add(List.copyOf(key));
                }
            }
            return new SourceTable(
                    name,
                    physicalName,
                    kind,
                    List.copyOf(columns.values()),
                    primaryKey,
                    uniqueKeys,
                    declared(),
                    rowCount < 0 ? UNKNOWN_ROWS : rowCount,
                    rowCount >= 0,
                    statistics,
                    transactional,
                    comment);
        }

        private List<SourceKey> declared() {
            List<SourceKey> declared = new ArrayList<>();
            keys.forEach((key, columns) -> declared.add(new SourceKey(
                    key, key.equals(primary) ? SourceKey.Kind.PRIMARY : SourceKey.Kind.UNIQUE, columns, null)));
            foreign.forEach((key, found) -> declared.add(new SourceKey(
                    key,
                    SourceKey.Kind.FOREIGN,
                    found.columns,
                    new SourceKey.Reference(found.to, found.others, found.onUpdate, found.onDelete))));
            return declared;
        }

        private boolean nullable(String column) {
            SourceColumn found = columns.get(column);
            return found == null || found.type().isNullable();
        }
    }
}
