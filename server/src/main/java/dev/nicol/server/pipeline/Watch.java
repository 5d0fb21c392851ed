package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classification;
import dev.nicol.policy.rewrite.RowKeys;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.audit.AuditTrail.ColumnAccess;
import dev.nicol.server.audit.RowHash;
import dev.nicol.server.audit.RowsTouchedRules;
import dev.nicol.server.catalog.GovernedCatalog;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexUtil;
import org.jspecify.annotations.Nullable;

/** Finds out of which tables of a statement the trail is to tell rows apart, and where it can. */
final class Watch {
    private static final String INSERT = "insert";
    private static final String UPDATE = "update";
    private static final String DELETE = "delete";
    private static final String WRITE = "write";

    private final RowsTouchedRules rules;

    Watch(RowsTouchedRules rules) {
        this.rules = rules;
    }

    /** Rows that are told apart of one statement. */
    int most() {
        return rules.most();
    }

    /** Null where no row of the statement counts. */
    @Nullable
    Watched of(TracedStatement traced) {
        return rules.areOff() ? null : watched(traced);
    }

    private @Nullable Watched watched(TracedStatement traced) {
        Body body = traced.governed().body();
        Map<TableName, StoredTable> reads = reads(traced, body);
        Watched.Written written = written(traced, body);
        if (reads.isEmpty() && written == null) {
            return null;
        }
        return body instanceof Body.Query query
                ? carrying(query, reads)
                : new Watched(body, 0, List.of(), reads.keySet(), written);
    }

    private static Watched carrying(Body.Query query, Map<TableName, StoredTable> reads) {
        Map<TableName, List<Integer>> keys = new LinkedHashMap<>();
        reads.forEach((table, stored) -> keys.put(table, key(stored)));
        RowKeys.Carried carried = RowKeys.carried(query.plan(), keys);
        List<Watched.Read> read = new ArrayList<>();
        for (RowKeys.Key key : carried.keys()) {
            StoredTable stored = Objects.requireNonNull(reads.get(key.table()));
            read.add(new Watched.Read(key.table(), key.columns(), types(stored, key(stored))));
        }
        Body.Query runs = new Body.Query(carried.plan(), query.rowType());
        return new Watched(runs, query.rowType().getFieldCount(), read, carried.untold(), null);
    }

    /** Tables whose rows the statement itself reads, and that count. */
    private Map<TableName, StoredTable> reads(TracedStatement traced, Body body) {
        GovernedCatalog catalog = traced.governed().validated().catalog();
        Map<TableName, StoredTable> reads = new LinkedHashMap<>();
        if (body instanceof Body.Explanation) {
            return reads;
        }
        Set<TableName> read = new LinkedHashSet<>();
        for (RelNode plan : ConvertStage.plans(body)) {
            for (SealedScan scan : Seals.in(plan)) {
                if (!(body instanceof Body.Change change && scan == change.scan())) {
                    read.add(scan.decision().table());
                }
            }
        }
        for (TableName table : read) {
            StoredTable stored = catalog.stored(table);
            if (stored != null && (rules.name(table) || readsTagged(traced, table))) {
                reads.put(table, stored);
            }
        }
        return reads;
    }

    private boolean readsTagged(TracedStatement traced, TableName table) {
        GovernedCatalog catalog = traced.governed().validated().catalog();
        for (ColumnAccess column : traced.columns()) {
            boolean read = !column.access().equals(WRITE) && !column.access().equals(TraceStage.POLICY);
            // what nobody has looked at yet may have any tag
            boolean unknown =
                    column.tags().isEmpty() && !rules.tags().isEmpty() && catalog.isTagged(table, column.column());
            if (read && column.table().equals(table) && (unknown || rules.nameAny(column.tags()))) {
                return true;
            }
        }
        return false;
    }

    private Watched.@Nullable Written written(TracedStatement traced, Body body) {
        GovernedCatalog catalog = traced.governed().validated().catalog();
        if (body instanceof Body.Definition definition) {
            String access =
                    switch (traced.parsed().kind()) {
                        case TRUNCATE, DROP_TABLE -> DELETE;
                        case CREATE_TABLE -> definition.query() == null ? null : INSERT;
                        default -> null;
                    };
            return access != null && counts(catalog, definition.target(), definition.stored())
                    ? new Watched.Written(definition.target(), access, List.of(), List.of(), false)
                    : null;
        }
        Body.Target target = TraceStage.target(body);
        if (target == null || !counts(catalog, target.name(), target.stored())) {
            return null;
        }
        List<Integer> key = key(target.stored());
        if (body instanceof Body.Change change && !RexUtil.isDeterministic(change.condition())) {
            // asked twice, it may mean other rows
            key = List.of();
        }
        List<String> names = new ArrayList<>();
        key.forEach(
                column -> names.add(target.stored().rowType().getFieldNames().get(column)));
        Set<String> assigned =
                body instanceof Body.Change change ? change.assignments().keySet() : Set.of();
        String access = body instanceof Body.Insert ? INSERT : assigned.isEmpty() ? DELETE : UPDATE;
        return new Watched.Written(
                target.name(),
                access,
                names,
                types(target.stored(), key),
                names.stream().anyMatch(assigned::contains));
    }

    private boolean counts(GovernedCatalog catalog, TableName table, @Nullable StoredTable stored) {
        if (rules.name(table)) {
            return true;
        }
        List<SourceColumn> columns = stored == null ? List.of() : stored.table().columns();
        return columns.stream()
                .anyMatch(column -> rules.nameAny(catalog.classifications(table, column.name()).stream()
                        .map(Classification::entity)
                        .toList()));
    }

    /** Where the primary key's columns stand; none where there is no key, or one whose values have no one text. */
    private static List<Integer> key(StoredTable stored) {
        List<Integer> key = stored.table().primaryKey().stream()
                .map(column -> stored.rowType().getFieldNames().indexOf(column))
                .toList();
        boolean known = key.stream().allMatch(column -> column >= 0 && RowHash.supports(type(stored, column)));
        return known ? key : List.of();
    }

    private static List<RelDataType> types(StoredTable stored, List<Integer> columns) {
        return columns.stream().map(column -> type(stored, column)).toList();
    }

    private static RelDataType type(StoredTable stored, int column) {
        return stored.rowType().getFieldList().get(column).getType();
    }
}
