package dev.nicol.server.pipeline;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.StoredTable;
import dev.nicol.lineage.Lineage;
import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classification;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.server.audit.AuditTrail.ColumnAccess;
import dev.nicol.server.catalog.GovernedCatalog;
import dev.nicol.server.parser.AlterTable;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.calcite.rel.RelNode;
import org.jspecify.annotations.Nullable;

/**
 * What guardrails may ask about a statement whoever sends it: found out when they do, once, and kept with it. What rests on
 * row counts is found out again for each snapshot of them. Safe for use by many threads; one at a time finds something out,
 * because plans keep caches that are not safe for more.
 */
final class PlanFacts {
    private final GovernedStatement governed;
    private final Body body;
    private final Lineage lineage;
    private final List<ColumnAccess> touched;
    private @Nullable Set<String> sources;
    private @Nullable Set<String> environments;
    private @Nullable Set<String> tags;
    private @Nullable Map<String, Set<String>> tagsReadBySource;
    private @Nullable Set<String> tagsLeavingUnmasked;
    private @Nullable Boolean unboundedWrite;
    private @Nullable Boolean cartesianProduct;
    private @Nullable Integer joins;
    private @Nullable BitSet hiddenParameters;
    private @Nullable CatalogSnapshot counted;
    private @Nullable OptionalDouble estimatedRows;
    private final Map<Long, Boolean> readsUnbounded = new HashMap<>();

    /** @param columns all that it touches; what a policy alone reads does not count */
    PlanFacts(GovernedStatement governed, Lineage lineage, List<ColumnAccess> columns) {
        this.governed = governed;
        this.body = governed.body();
        this.lineage = lineage;
        List<ColumnAccess> own = new ArrayList<>(columns);
        own.removeIf(column -> column.access().equals(TraceStage.POLICY));
        this.touched = List.copyOf(own);
    }

    /** Null for statements that touch no data. */
    GuardrailRule.@Nullable Statement statement() {
        return switch (governed.parsed().kind()) {
            case SELECT, FILL_MATERIALIZED_VIEW -> GuardrailRule.Statement.SELECT;
            case INSERT -> GuardrailRule.Statement.INSERT;
            case UPDATE -> GuardrailRule.Statement.UPDATE;
            case DELETE -> GuardrailRule.Statement.DELETE;
            case CREATE_TABLE -> GuardrailRule.Statement.CREATE;
            case DROP_TABLE -> GuardrailRule.Statement.DROP;
            case ALTER_TABLE -> GuardrailRule.Statement.ALTER;
            case TRUNCATE -> GuardrailRule.Statement.TRUNCATE;
            default -> null;
        };
    }

    /** Columns that the statement itself touches. */
    List<ColumnAccess> touched() {
        return touched;
    }

    synchronized Set<String> sources() {
        if (sources == null) {
            sources = Set.copyOf(GuardStage.sources(body));
        }
        return sources;
    }

    synchronized Set<String> environments() {
        if (environments == null) {
            GovernedCatalog catalog = governed.validated().catalog();
            Set<String> found = new HashSet<>();
            sources().forEach(source -> found.add(catalog.source(source).environment()));
            environments = Set.copyOf(found);
        }
        return environments;
    }

    synchronized Set<String> tags() {
        if (tags == null) {
            Set<String> found = new HashSet<>();
            touched.forEach(column -> found.addAll(column.tags()));
            addUndone(found);
            tags = Set.copyOf(found);
        }
        return tags;
    }

    /** Columns that lose their values, their type or their name are written, though the statement names none as such. */
    private void addUndone(Set<String> found) {
        StoredTable stored = null;
        if (body instanceof Body.Definition definition) {
            stored = definition.stored();
        } else if (body instanceof Body.Change change && change.assignments().isEmpty()) {
            stored = change.target().stored();
        }
        if (stored == null) {
            return;
        }
        SourceTable table = stored.table();
        String only = onlyColumn();
        for (SourceColumn column : table.columns()) {
            if (only == null || only.equalsIgnoreCase(column.name())) {
                governed.validated().catalog().classifications(table.name(), column.name()).stream()
                        .map(Classification::entity)
                        .forEach(found::add);
            }
        }
    }

    /** The one column that an ALTER TABLE is about; empty where it is about none that there is, null where about all. */
    private @Nullable String onlyColumn() {
        if (!(body instanceof Body.Definition definition && definition.statement() instanceof AlterTable alter)) {
            return null;
        }
        AlterTable.Change change = alter.change();
        if (change instanceof AlterTable.DropColumn drop) {
            return drop.name().getSimple();
        } else if (change instanceof AlterTable.RenameColumn rename) {
            return rename.name().getSimple();
        } else if (change instanceof AlterTable.SetType set) {
            return set.name().getSimple();
        }
        return change instanceof AlterTable.RenameTable ? null : "";
    }

    synchronized Map<String, Set<String>> tagsReadBySource() {
        if (tagsReadBySource == null) {
            Map<String, Set<String>> found = new HashMap<>();
            touched.stream().filter(column -> !column.access().equals("write")).forEach(column -> found.computeIfAbsent(
                            column.table().catalog(), added -> new HashSet<>())
                    .addAll(column.tags()));
            tagsReadBySource = found;
        }
        return tagsReadBySource;
    }

    synchronized Set<String> tagsLeavingUnmasked() {
        if (tagsLeavingUnmasked == null) {
            Set<String> found = new HashSet<>();
            touched.stream().filter(this::leavesUnmasked).forEach(column -> found.addAll(column.tags()));
            tagsLeavingUnmasked = Set.copyOf(found);
        }
        return tagsLeavingUnmasked;
    }

    private boolean leavesUnmasked(ColumnAccess column) {
        return lineage.complete()
                ? lineage.edges().stream()
                        .anyMatch(edge -> edge.kind().direct()
                                && !edge.masked()
                                && edge.sourceTable().equals(column.table())
                                && edge.sourceColumn().equals(column.column()))
                : column.access().equals("read") && column.mask() == null;
    }

    synchronized OptionalDouble estimatedRows(CatalogSnapshot now) {
        asOf(now);
        if (estimatedRows == null) {
            estimatedRows = estimate(now);
        }
        return estimatedRows;
    }

    private void asOf(CatalogSnapshot now) {
        if (counted != now) {
            counted = now;
            estimatedRows = null;
            readsUnbounded.clear();
        }
    }

    private OptionalDouble estimate(CatalogSnapshot now) {
        governed.validated().space().enter();
        if (body instanceof Body.Definition definition && definition.query() == null) {
            SourceTable table = definition.stored() == null ? null : table(now, definition.target());
            return table == null
                    ? OptionalDouble.of(0)
                    : table.counted() ? OptionalDouble.of(table.rowCount()) : OptionalDouble.empty();
        }
        List<RelNode> plans = ConvertStage.plans(body);
        return plans.isEmpty() ? OptionalDouble.of(0) : RowEstimate.of(plans.get(0), name -> table(now, name));
    }

    /** Of the system's own tables nobody needs to be kept. */
    private static @Nullable SourceTable table(CatalogSnapshot now, TableName name) {
        return name.catalog().equals("nicol") ? null : now.table(name);
    }

    synchronized boolean unboundedWrite() {
        if (unboundedWrite == null) {
            governed.validated().space().enter();
            unboundedWrite =
                    body instanceof Body.Change change && !EffectiveCondition.bounds(change.condition(), change.scan());
        }
        return unboundedWrite;
    }

    synchronized boolean readsUnbounded(CatalogSnapshot now, long rows) {
        asOf(now);
        governed.validated().space().enter();
        return !(body instanceof Body.Change)
                && readsUnbounded.computeIfAbsent(rows, most -> ConvertStage.plans(body).stream()
                        .anyMatch(plan -> ReadBounds.missing(plan, name -> table(now, name), most)));
    }

    synchronized boolean cartesianProduct() {
        if (cartesianProduct == null) {
            governed.validated().space().enter();
            cartesianProduct = ConvertStage.plans(body).stream().anyMatch(JoinShape::hasProduct);
        }
        return cartesianProduct;
    }

    /** The parameters whose values the trail must not show. */
    synchronized BitSet hiddenParameters(Supplier<BitSet> find) {
        if (hiddenParameters == null) {
            hiddenParameters = find.get();
        }
        return hiddenParameters;
    }

    synchronized int joins() {
        if (joins == null) {
            joins = ConvertStage.plans(body).stream().mapToInt(JoinShape::joins).sum();
        }
        return joins;
    }
}
