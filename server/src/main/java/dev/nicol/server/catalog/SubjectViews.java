package dev.nicol.server.catalog;

import com.google.common.collect.Multimap;
import dev.nicol.adapters.StoredTable;
import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageExtractor;
import dev.nicol.policy.Action;
import dev.nicol.policy.ColumnFacts;
import dev.nicol.policy.Decision;
import dev.nicol.policy.TableFacts;
import dev.nicol.policy.TableName;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Table;
import org.apache.calcite.sql.type.SqlTypeName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Adds the views that a subject may read and whose query holds over what it sees; a view may read views. */
final class SubjectViews {
    private static final Logger LOG = LoggerFactory.getLogger(SubjectViews.class);

    private final Function<TableFacts, Decision> decide;
    private final String fingerprint;
    private final Catalogs.SqlReader reader;
    private final RelDataTypeFactory types;
    private final Seen seen;

    /**
     * What a subject sees; views are added to all but the first.
     *
     * @param stored every table as it is stored
     */
    record Seen(
            StoredCatalog stored,
            Map<TableName, Table> tables,
            Map<String, Multimap<String, org.apache.calcite.schema.Function>> functions,
            Map<TableName, Decision> decisions,
            List<SubjectCatalog.VisibleTable> visible) {}

    /** @param decide what the subject may do */
    SubjectViews(
            Function<TableFacts, Decision> decide,
            String fingerprint,
            Catalogs.SqlReader reader,
            RelDataTypeFactory types,
            Seen seen) {
        this.decide = decide;
        this.fingerprint = fingerprint;
        this.reader = reader;
        this.types = types;
        this.seen = seen;
    }

    /** Passes over what is left until a pass adds nothing, so that chains resolve and cycles stay out. */
    void add(VirtualSchemas.State state, Map<TableName, ViewLineage.Definition> definitions) {
        Set<VirtualSchemas.View> left = new LinkedHashSet<>(state.views().values());
        left.removeIf(view -> {
            ViewLineage.Definition definition = definitions.get(view.name());
            BrokenDefinition broken = definition == null ? null : definition.broken();
            if (broken != null && mayKnow(view.name(), broken)) {
                seen.tables().put(view.name(), new BrokenView(view.name(), broken));
            }
            return broken != null;
        });
        boolean added = true;
        while (added) {
            added = left.removeIf(view -> {
                ViewLineage.Definition definition = definitions.get(view.name());
                return added(view, definition == null ? ViewDrift.NONE : definition.drift());
            });
        }
        left.forEach(view -> LOG.debug("view {} does not hold for these rights", view.name()));
    }

    /**
     * Whether the reader has a grant on the view and would see what is missing: others are told, as ever, that there is
     * no such view.
     */
    private boolean mayKnow(TableName view, BrokenDefinition broken) {
        if (broken.isItsAuthors()
                || !decide.apply(new TableFacts(view, List.of())).allows(Action.SELECT)) {
            return false;
        }
        for (TableName name : broken.of()) {
            StoredTable table = seen.stored().tables().get(name);
            List<ColumnFacts> columns = new ArrayList<>();
            if (broken.column() != null) {
                columns.add(new ColumnFacts(broken.column(), types.createSqlType(SqlTypeName.VARCHAR), Set.of()));
            }
            Decision decision = decide.apply(new TableFacts(name, columns));
            boolean known = table == null || seen.tables().containsKey(name);
            if (!known
                    || !decision.allows(Action.SELECT)
                    || decision.columns().stream().anyMatch(Decision.Column::denied)) {
                return false;
            }
        }
        return broken.table().isEmpty()
                || broken.table().size() == 3
                        && decide.apply(new TableFacts(TableName.of(broken.table()), List.of()))
                                .allows(Action.SELECT);
    }

    private boolean added(VirtualSchemas.View view, ViewDrift drift) {
        try {
            CalciteSchema whole = SchemaTree.of(seen.tables(), seen.functions());
            CalciteSchema own = drift.hidden().isEmpty()
                    ? null
                    : SchemaTree.of(ViewDrift.narrowed(seen.tables(), drift.hidden()), seen.functions());
            PlanningSpace space = PlanningSpace.over(
                    own == null ? whole : own, whole, view.name().schemaPath(), types, reader::statement);
            RelRoot query = space.convert(reader.statement(view.query()));
            ViewShape shape = ViewShape.of(query.validatedRowType, drift, () -> masked(query), types);
            RelDataType rowType = shape.rowType();
            Decision decision = decide.apply(facts(view.name(), rowType));
            boolean shown = decision.columns().stream().anyMatch(column -> !column.denied());
            if (!decision.allows(Action.SELECT) || !shown) {
                return false;
            }
            GovernedView governedView = new GovernedView(view, shape, own, decision, fingerprint, seen.stored());
            seen.tables().put(view.name(), governedView);
            seen.decisions().put(view.name(), decision);
            seen.visible()
                    .add(new SubjectCatalog.VisibleTable(
                            view.name(),
                            "VIEW",
                            governedView.getRowType(types),
                            List.of(),
                            view.comment(),
                            view.columnComments(rowType)));
            return true;
        } catch (RuntimeException notForThisSubject) {
            LOG.debug("view {} does not validate", view.name(), notForThisSubject);
            return false;
        }
    }

    /** The columns that show nothing but masked values; all where that is not known. */
    private static Set<String> masked(RelRoot query) {
        List<String> names = query.validatedRowType.getFieldNames();
        Lineage lineage = LineageExtractor.of(query.project());
        return names.stream()
                .filter(name -> !lineage.complete()
                        || lineage.edges().stream()
                                .anyMatch(edge -> edge.kind().direct()
                                        && edge.masked()
                                        && names.indexOf(name) == edge.targetOrdinal() - 1))
                .collect(Collectors.toSet());
    }

    /** Without tags: what flows through a view is masked where it is stored, and must not be masked twice. */
    private TableFacts facts(TableName name, RelDataType rowType) {
        return new TableFacts(
                name,
                rowType.getFieldList().stream()
                        .map(field -> new ColumnFacts(field.getName(), field.getType(), Set.of()))
                        .toList());
    }
}
