package dev.nicol.server.pipeline;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.SourceColumn;
import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classification;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Spent;
import dev.nicol.policy.guardrail.StatementFacts;
import dev.nicol.server.audit.AuditTrail.ColumnAccess;
import dev.nicol.server.audit.SubjectHistory;
import dev.nicol.server.catalog.GovernedCatalog;
import dev.nicol.server.parser.AlterTable;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.jspecify.annotations.Nullable;

/** What guardrails may ask about one statement, found out when they do. */
final class GuardFacts implements StatementFacts {
    private final TracedStatement traced;
    private final Body body;
    private final CatalogSnapshot snapshot;
    private final Instant now;
    private final SubjectHistory history;
    private @Nullable Set<String> sources;
    private @Nullable List<ColumnAccess> touched;
    private @Nullable Set<String> tags;

    GuardFacts(TracedStatement traced, CatalogSnapshot snapshot, SubjectHistory history, Instant now) {
        this.traced = traced;
        this.body = traced.governed().body();
        this.snapshot = snapshot;
        this.history = history;
        this.now = now;
    }

    @Override
    public GuardrailRule.@Nullable Statement statement() {
        return switch (traced.parsed().kind()) {
            case SELECT -> GuardrailRule.Statement.SELECT;
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

    @Override
    public Subject subject() {
        return traced.parsed().subject();
    }

    @Override
    public Instant now() {
        return now;
    }

    @Override
    public Set<String> sources() {
        if (sources == null) {
            sources = GuardStage.sources(body);
        }
        return sources;
    }

    @Override
    public Set<String> environments() {
        GovernedCatalog catalog = traced.governed().validated().catalog();
        Set<String> environments = new HashSet<>();
        for (String source : sources()) {
            environments.add(catalog.source(source).environment());
        }
        return environments;
    }

    private List<ColumnAccess> touched() {
        if (touched == null) {
            touched = new ArrayList<>(traced.columns());
            touched.removeIf(column -> column.access().equals(TraceStage.POLICY));
        }
        return touched;
    }

    @Override
    public Set<String> tags() {
        if (tags == null) {
            tags = new HashSet<>();
            for (ColumnAccess column : touched()) {
                tags.addAll(column.tags());
            }
            addUndone(tags);
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
                traced.governed().validated().catalog().classifications(table.name(), column.name()).stream()
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

    @Override
    public Map<String, Set<String>> tagsReadBySource() {
        Map<String, Set<String>> tags = new HashMap<>();
        touched().stream().filter(column -> !column.access().equals("write")).forEach(column -> tags.computeIfAbsent(
                        column.table().catalog(), added -> new HashSet<>())
                .addAll(column.tags()));
        return tags;
    }

    @Override
    public Set<String> tagsLeavingUnmasked() {
        Set<String> tags = new HashSet<>();
        for (ColumnAccess column : touched()) {
            boolean leaves = traced.lineage().complete()
                    ? traced.lineage().edges().stream()
                            .anyMatch(edge -> edge.kind().direct()
                                    && !edge.masked()
                                    && edge.sourceTable().equals(column.table())
                                    && edge.sourceColumn().equals(column.column()))
                    : column.access().equals("read") && column.mask() == null;
            if (leaves) {
                tags.addAll(column.tags());
            }
        }
        return tags;
    }

    /** Of the system's own tables nobody needs to be kept. */
    private @Nullable SourceTable table(TableName name) {
        return name.catalog().equals("nicol") ? null : snapshot.table(name);
    }

    @Override
    public OptionalDouble estimatedRows() {
        if (body instanceof Body.Definition definition && definition.query() == null) {
            SourceTable table = definition.stored() == null ? null : table(definition.target());
            return table == null
                    ? OptionalDouble.of(0)
                    : table.counted() ? OptionalDouble.of(table.rowCount()) : OptionalDouble.empty();
        }
        List<RelNode> plans = ConvertStage.plans(body);
        return plans.isEmpty() ? OptionalDouble.of(0) : RowEstimate.of(plans.get(0), this::table);
    }

    @Override
    public boolean unboundedWrite() {
        return body instanceof Body.Change change && !EffectiveCondition.bounds(change.condition(), change.scan());
    }

    @Override
    public boolean readsUnbounded(long rows) {
        return !(body instanceof Body.Change)
                && ConvertStage.plans(body).stream().anyMatch(plan -> ReadBounds.missing(plan, this::table, rows));
    }

    @Override
    public boolean cartesianProduct() {
        return ConvertStage.plans(body).stream().anyMatch(JoinShape::hasProduct);
    }

    @Override
    public Spent spent(Duration time) {
        return history.spending(subject()).within(time);
    }

    @Override
    public boolean readsFirst(Set<String> tags) {
        return touched().stream()
                .filter(column ->
                        !column.access().equals("write") && !column.tags().isEmpty())
                .filter(column -> tags.isEmpty() || column.tags().stream().anyMatch(tags::contains))
                .anyMatch(column -> !history.hasRead(subject(), column.table(), column.column()));
    }

    @Override
    public int joins() {
        return ConvertStage.plans(body).stream().mapToInt(JoinShape::joins).sum();
    }
}
