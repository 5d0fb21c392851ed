package dev.nicol.server.pipeline;

import com.google.common.collect.ImmutableSet;
import dev.nicol.adapters.StoredTable;
import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.lineage.LineageExtractor;
import dev.nicol.policy.Action;
import dev.nicol.policy.Decision;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Sealer;
import dev.nicol.server.catalog.GovernedCatalog;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.plan.ViewExpanders;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.TableModify;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlInsert;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;

/**
 * Takes a write apart: target, rows, condition. Calcite's own table modification serves as a parse of what was meant and
 * is then thrown away; what reaches the source is written from these parts (docs/internals/decisions/0004-writes.md).
 */
final class WriteConversion {
    private final ValidatedStatement validated;
    private final TableModify meant;
    private final Body.Target target;

    WriteConversion(ValidatedStatement validated) {
        this.validated = validated;
        ValidatedStatement.Checked checked = validated.checked();
        RelNode converted =
                validated.space().converter(checked.validator()).convertQuery(checked.node(), false, true).rel;
        if (!(converted instanceof TableModify modify)) {
            throw NicolError.NOT_SUPPORTED.because("Only tables of sources can be written to, not views.");
        }
        this.meant = modify;
        this.target = target(TableName.of(modify.getTable().getQualifiedName()));
    }

    /** @throws dev.nicol.policy.NicolException where it is no table of a source */
    static void refuseOther(TableName name, GovernedCatalog catalog) {
        StoredTable stored = catalog.stored(name);
        if (stored == null
                || catalog.decision(name) == null
                || !stored.table().kind().equals("TABLE")) {
            throw NicolError.NOT_SUPPORTED.because(
                    "`" + name + "` cannot be written to: only tables of sources can, not views or system tables.");
        }
    }

    private Body.Target target(TableName name) {
        refuseOther(name, validated.catalog());
        StoredTable stored = Objects.requireNonNull(validated.catalog().stored(name));
        Decision decision = Objects.requireNonNull(validated.catalog().decision(name));
        Action action = Action.valueOf(validated.parsed().kind().name());
        if (!decision.allows(action)) {
            throw NicolError.NOT_PERMITTED.because("You may not " + action + " on `" + name
                    + "`. Ask a steward for a grant with action "
                    + action.name().toLowerCase(Locale.ROOT)
                    + ".");
        }
        return new Body.Target(name, decision, stored);
    }

    Body.Insert insert() {
        SqlNodeList named = ((SqlInsert) validated.checked().node()).getTargetColumnList();
        List<String> fields = meant.getTable().getRowType().getFieldNames();
        List<String> columns = new ArrayList<>();
        if (named == null) {
            columns.addAll(fields);
        } else {
            named.forEach(node -> columns.add(field(fields, ((SqlIdentifier) node).getSimple())));
        }
        RelNode input = Sealer.bound(meant.getInput());
        RexBuilder rex = input.getCluster().getRexBuilder();
        List<RexNode> kept = new ArrayList<>();
        columns.forEach(column -> kept.add(rex.makeInputRef(input, fields.indexOf(column))));
        RelNode rows = LogicalProject.create(input, List.of(), kept, columns, Set.of());
        boolean spelled = literalRows(rows);
        if (!spelled) {
            refuseMaskedTargets(columns);
        }
        List<Sentinels.Guarded> guarded = spelled ? Sentinels.in(target.decision(), columns, rows) : List.of();
        SealedScan sealed = (SealedScan) meant.getTable().toRel(ViewExpanders.simpleContext(input.getCluster()));
        return new Body.Insert(target, columns, rows, sealed, guarded, false);
    }

    private static String field(List<String> fields, String name) {
        return fields.contains(name)
                ? name
                : fields.stream()
                        .filter(field -> field.equalsIgnoreCase(name))
                        .findFirst()
                        .orElseThrow();
    }

    /** Rows that the statement itself spells out, as opposed to rows it reads. */
    private static boolean literalRows(RelNode rows) {
        return rows instanceof Values
                || rows.getTable() == null
                        && !rows.getInputs().isEmpty()
                        && rows.getInputs().stream().allMatch(WriteConversion::literalRows);
    }

    /**
     * What was read may be masked, and must not stand among the values that the masks hide. A column that holds nothing but
     * copies takes more of them.
     */
    private void refuseMaskedTargets(List<String> columns) {
        for (Decision.Column column : target.decision().columns()) {
            boolean copy = validated.catalog().isCopy(target.name(), column.name());
            if (column.mask() != null && !copy && columns.contains(column.name())) {
                throw NicolError.NOT_PERMITTED.because("Column `" + column.name() + "` of `" + target.name()
                        + "` is masked for you, so rows read elsewhere may not be written into it.");
            }
        }
    }

    Body.Change update() {
        Parts parts = parts(Sealer.bound(meant.getInput()));
        List<RexNode> expressions = parts.top().getProjects();
        List<String> columns = meant.getUpdateColumnList();
        Map<String, RexNode> assignments = new LinkedHashMap<>();
        int first = expressions.size() - columns.size();
        for (int i = 0; i < columns.size(); i++) {
            assignments.put(columns.get(i), assigned(expressions.get(first + i)));
        }
        for (Decision.Column column : target.decision().columns()) {
            if (column.mask() != null && assignments.containsKey(column.name())) {
                throw maskedWrite(column.name());
            }
        }
        return change(parts, assignments);
    }

    /** A number is fitted to its column by the source's own assignment, as in any UPDATE sent straight to it. */
    private static RexNode assigned(RexNode expression) {
        if (expression.getKind() == SqlKind.CAST
                && expression.getType().getSqlTypeName() == SqlTypeName.DECIMAL
                && SqlTypeUtil.isExactNumeric(
                        ((RexCall) expression).getOperands().get(0).getType())) {
            return ((RexCall) expression).getOperands().get(0);
        }
        return expression;
    }

    Body.Change delete() {
        return change(parts(Sealer.bound(meant.getInput())), Map.of());
    }

    private Body.Change change(Parts parts, Map<String, RexNode> assignments) {
        List<RexNode> read = new ArrayList<>(assignments.values());
        List<String> names = new ArrayList<>(assignments.keySet());
        if (read.isEmpty()) {
            read.add(parts.scan().getCluster().getRexBuilder().makeExactLiteral(BigDecimal.ONE));
            names.add("deleted");
        }
        RelNode filtered = LogicalFilter.create(parts.scan(), parts.condition(), ImmutableSet.copyOf(parts.outer()));
        RelNode reads = LogicalProject.create(filtered, List.of(), read, names, parts.outer());
        refuseMaskedReads(reads);
        return new Body.Change(target, parts.scan(), assignments, parts.condition(), parts.outer(), reads);
    }

    /** A count of rows written would tell what a masked value is: nothing masked may be read by a write. */
    private void refuseMaskedReads(RelNode reads) {
        Lineage lineage = LineageExtractor.of(reads);
        if (!lineage.complete()) {
            throw NicolError.NOT_PROVEN.because(
                    "It cannot be told what this write reads, so it was not run. Write it in a simpler way.");
        }
        for (LineageEdge edge : lineage.edges()) {
            if (edge.masked()) {
                throw maskedWrite(edge.sourceColumn());
            }
        }
    }

    private RuntimeException maskedWrite(String column) {
        return NicolError.NOT_PERMITTED.because("Column `" + column
                + "` is masked for you, so a write may neither read nor set it. Ask a steward for a raw grant.");
    }

    private record Parts(Project top, SealedScan scan, RexNode condition, Set<CorrelationId> outer) {}

    /** Project(s) over Filter(s) over the sealed target; anything else is refused. */
    private Parts parts(RelNode input) {
        Set<CorrelationId> outer = new HashSet<>();
        RelNode at = input;
        Project top = null;
        List<RexNode> conditions = new ArrayList<>();
        while (!(at instanceof SealedScan)) {
            if (at instanceof Project project && conditions.isEmpty() && (top == null || identity(project))) {
                outer.addAll(project.getVariablesSet());
                top = top == null ? project : top;
                at = project.getInput();
            } else if (at instanceof Filter filter) {
                outer.addAll(filter.getVariablesSet());
                conditions.addAll(RelOptUtil.conjunctions(filter.getCondition()));
                at = filter.getInput();
            } else {
                throw NicolError.NOT_SUPPORTED.because(
                        "This form of UPDATE or DELETE is not supported. Use one table and a WHERE.");
            }
        }
        SealedScan scan = (SealedScan) at;
        RexBuilder rex = scan.getCluster().getRexBuilder();
        Project shown = top != null
                ? top
                : LogicalProject.create(
                        scan,
                        List.of(),
                        rex.identityProjects(scan.getRowType()),
                        scan.getRowType().getFieldNames(),
                        Set.of());
        return new Parts(shown, scan, RexUtil.composeConjunction(rex, conditions), outer);
    }

    private static boolean identity(Project project) {
        return RexUtil.isIdentity(project.getProjects(), project.getInput().getRowType());
    }
}
