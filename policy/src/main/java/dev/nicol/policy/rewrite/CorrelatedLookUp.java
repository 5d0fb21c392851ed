package dev.nicol.policy.rewrite;

import com.google.common.collect.ImmutableSet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.jspecify.annotations.Nullable;

/**
 * A sub-query over another source that names the row it is asked about. What of it names the row is taken out and asked
 * of the row once for every looked-up value: {@code EXISTS (SELECT 1 FROM g WHERE g.a = t.a AND g.b > 1)} is
 * {@code t.a IN (values of g.a where g.b > 1)}.
 */
final class CorrelatedLookUp {
    private final LookUps.Binding binding;
    private final @Nullable SqlOperator comparison;
    private final List<RexNode> operands;
    private final Set<CorrelationId> here;
    private final boolean unknownIsFalse;
    private final RexBuilder rex;

    /** What does not name the row. */
    private RelNode base;

    /** What an IN compares its operands with, and what must hold of the row: both over fields of {@code base}. */
    private List<RexNode> outputs;

    private List<RexNode> conditions = new ArrayList<>();

    /** Expressions over {@code base} alone, as far as outputs and conditions need them: the columns looked up. */
    private final Set<RexNode> columns = new LinkedHashSet<>();

    CorrelatedLookUp(
            LookUps.Binding binding,
            @Nullable SqlOperator comparison,
            RexSubQuery subQuery,
            List<RexNode> operands,
            Set<CorrelationId> here,
            boolean unknownIsFalse) {
        if (comparison == null && subQuery.getKind() != SqlKind.EXISTS) {
            throw binding.refused("a sub-query that names the row outside of IN and EXISTS");
        }
        this.binding = binding;
        this.comparison = comparison;
        this.operands = operands;
        this.here = here;
        this.unknownIsFalse = unknownIsFalse;
        this.base = subQuery.rel;
        this.rex = base.getCluster().getRexBuilder();
        this.outputs = comparison == null ? List.of() : List.copyOf(rex.identityProjects(base.getRowType()));
    }

    RexNode bound() {
        while (!Correlations.free(base).isEmpty()) {
            peel();
        }
        giveBack();
        conditions.forEach(condition -> condition.accept(new Columns()));
        outputs.forEach(output -> output.accept(new Columns()));
        Map<RexNode, Integer> places = new HashMap<>();
        columns.forEach(column -> places.put(column, places.size()));
        List<RexNode> looked = columns.isEmpty() ? List.of(rex.makeLiteral(true)) : List.copyOf(columns);
        looked.forEach(column -> LookUp.comparable(binding, column.getType()));
        List<String> names = new ArrayList<>();
        looked.forEach(column -> names.add("v" + names.size()));
        RelNode query = LogicalProject.create(base, List.of(), looked, names, Set.of());
        List<RexNode[]> pairs = pairs();
        if (pairs != null && (pairs.size() == 1 && comparison == null || unknownIsFalse)) {
            return lists(pairs, places, binding.rows(query, LookUps.MAX_VALUES));
        }
        List<RexNode> alternatives = new ArrayList<>();
        for (List<@Nullable Object> row : binding.rows(query, LookUps.MAX_ALTERNATIVES)) {
            alternatives.add(alternative(places, row));
        }
        return Alternatives.any(rex, alternatives);
    }

    /** Conditions that do not name the row, but stood above what does, are the look-up's own again. */
    private void giveBack() {
        List<RexNode> own = conditions.stream()
                .filter(condition -> Correlations.free(condition).isEmpty())
                .toList();
        conditions.removeAll(own);
        base = own.isEmpty() ? base : LogicalFilter.create(base, RexUtil.composeConjunction(rex, own));
    }

    /** Takes one node off {@code base}. */
    private void peel() {
        if (base instanceof Project project && !computes(project.getProjects())) {
            outputs = RelOptUtil.pushPastProject(outputs, project);
            conditions = new ArrayList<>(RelOptUtil.pushPastProject(conditions, project));
            base = project.getInput();
        } else if (base instanceof Filter filter) {
            peel(filter);
        } else if (base instanceof Aggregate aggregate
                && aggregate.getAggCallList().isEmpty()
                && aggregate.getGroupSets().size() == 1
                && !aggregate.getGroupSet().isEmpty()) {
            RexShuttle grouped = new RexShuttle() {
                @Override
                public RexNode visitInputRef(RexInputRef reference) {
                    return rex.makeInputRef(
                            aggregate.getInput(), aggregate.getGroupSet().nth(reference.getIndex()));
                }
            };
            outputs = grouped.apply(outputs);
            conditions = new ArrayList<>(grouped.apply(conditions));
            base = aggregate.getInput();
        } else if (base instanceof Sort sort && sort.fetch == null && sort.offset == null) {
            base = sort.getInput();
        } else {
            throw binding.refused("the row is named below a join, an aggregate or a limit");
        }
    }

    private void peel(Filter filter) {
        List<RexNode> rest = new ArrayList<>();
        for (RexNode conjunct : RelOptUtil.conjunctions(filter.getCondition())) {
            (Correlations.free(conjunct).isEmpty() || isOwn(conjunct, filter) ? rest : conditions).add(conjunct);
        }
        boolean inputNamesRow = !Correlations.free(filter.getInput()).isEmpty();
        if (inputNamesRow) {
            conditions.addAll(rest);
            rest = List.of();
        }
        if (computes(conditions)) {
            throw binding.refused("a sub-query within it names the row");
        }
        base = rest.isEmpty()
                ? filter.getInput()
                : LogicalFilter.create(
                        filter.getInput(),
                        RexUtil.composeConjunction(rex, rest),
                        ImmutableSet.copyOf(filter.getVariablesSet()));
    }

    /** Whether the only rows a conjunct's sub-queries name are the filter's own. */
    private static boolean isOwn(RexNode conjunct, Filter filter) {
        return filter.getVariablesSet().containsAll(Correlations.free(conjunct));
    }

    /** Whether any expression holds a sub-query or a window. */
    private static boolean computes(List<RexNode> expressions) {
        boolean[] found = {false};
        expressions.forEach(expression -> expression.accept(new RexVisitorImpl<Void>(true) {
            @Override
            public Void visitSubQuery(RexSubQuery subQuery) {
                found[0] = true;
                return null;
            }

            @Override
            public Void visitOver(RexOver over) {
                found[0] = true;
                return null;
            }
        }));
        return found[0];
    }

    private static boolean readsBase(RexNode expression) {
        return !RelOptUtil.InputFinder.bits(expression).isEmpty();
    }

    private static boolean isColumn(RexNode expression) {
        return readsBase(expression) && Correlations.free(expression).isEmpty();
    }

    /** Collects the largest expressions that are of {@code base} alone. */
    private final class Columns extends RexVisitorImpl<Void> {
        Columns() {
            super(true);
        }

        @Override
        public Void visitInputRef(RexInputRef reference) {
            columns.add(reference);
            return null;
        }

        @Override
        public Void visitCall(RexCall call) {
            if (isColumn(call)) {
                columns.add(call);
                return null;
            }
            return super.visitCall(call);
        }
    }

    /** Equalities of something of the row with a column, where that is all there is; null where there is more. */
    private @Nullable List<RexNode[]> pairs() {
        List<RexNode[]> pairs = new ArrayList<>();
        for (RexNode condition : conditions) {
            if (condition.getKind() != SqlKind.EQUALS) {
                return null;
            }
            RexNode left = ((RexCall) condition).getOperands().get(0);
            RexNode right = ((RexCall) condition).getOperands().get(1);
            if (isColumn(right) && !readsBase(left)) {
                pairs.add(new RexNode[] {ofRow(left), right});
            } else if (isColumn(left) && !readsBase(right)) {
                pairs.add(new RexNode[] {ofRow(right), left});
            } else {
                return null;
            }
        }
        if (comparison != null && comparison != SqlStdOperatorTable.EQUALS) {
            return null;
        }
        for (int i = 0; i < outputs.size(); i++) {
            if (!isColumn(outputs.get(i))) {
                return null;
            }
            pairs.add(new RexNode[] {operands.get(i), outputs.get(i)});
        }
        return pairs.isEmpty() ? null : pairs;
    }

    /** Values of the last pair as a list, for every combination of the others; a NULL equals nothing. */
    private RexNode lists(List<RexNode[]> pairs, Map<RexNode, Integer> places, List<List<@Nullable Object>> rows) {
        List<RexNode[]> keys = pairs.subList(0, pairs.size() - 1);
        RexNode[] last = pairs.get(pairs.size() - 1);
        Map<List<@Nullable Object>, Set<@Nullable Object>> lists = new LinkedHashMap<>();
        for (List<@Nullable Object> row : rows) {
            if (!row.contains(null)) {
                List<@Nullable Object> key = new ArrayList<>();
                keys.forEach(pair -> key.add(row.get(places.getOrDefault(pair[1], 0))));
                lists.computeIfAbsent(key, added -> new LinkedHashSet<>())
                        .add(row.get(places.getOrDefault(last[1], 0)));
            }
        }
        if (lists.size() > LookUps.MAX_ALTERNATIVES) {
            throw binding.tooMany(LookUps.MAX_ALTERNATIVES);
        }
        List<RexNode> alternatives = new ArrayList<>();
        lists.forEach((key, values) -> {
            List<RexNode> all = new ArrayList<>();
            for (int i = 0; i < keys.size(); i++) {
                RelDataType type = keys.get(i)[1].getType();
                RexNode value = LookUp.parameter(binding, rex, key.get(i), type);
                all.add(rex.makeCall(SqlStdOperatorTable.EQUALS, WideningCasts.narrowed(keys.get(i)[0]), value));
            }
            all.add(LookUp.list(binding, rex, last[0], last[1].getType(), values));
            alternatives.add(Alternatives.all(rex, all));
        });
        RexNode any = Alternatives.any(rex, alternatives);
        if (unknownIsFalse || !last[0].getType().isNullable()) {
            return any;
        }
        // EXISTS is never unknown.
        return Alternatives.all(rex, List.of(rex.makeCall(SqlStdOperatorTable.IS_NOT_NULL, last[0]), any));
    }

    /** What must hold of the row for one looked-up row to count. */
    private RexNode alternative(Map<RexNode, Integer> places, List<@Nullable Object> row) {
        Map<RexNode, RexNode> values = new HashMap<>();
        places.forEach((column, place) -> values.put(column, value(column, row.get(place))));
        RexShuttle substitute = new Substitution(values);
        RexNode selected = Alternatives.all(rex, substitute.apply(conditions));
        if (!unknownIsFalse && selected.getType().isNullable()) {
            selected = rex.makeCall(SqlStdOperatorTable.IS_TRUE, selected);
        }
        if (comparison == null) {
            return selected;
        }
        List<RexNode> all = new ArrayList<>(List.of(selected));
        for (int i = 0; i < outputs.size(); i++) {
            all.add(rex.makeCall(
                    comparison,
                    WideningCasts.narrowed(operands.get(i)),
                    outputs.get(i).accept(substitute)));
        }
        return Alternatives.all(rex, all);
    }

    private RexNode value(RexNode column, @Nullable Object value) {
        return value instanceof Boolean known
                ? rex.makeLiteral(known)
                : LookUp.parameter(binding, rex, value, column.getType());
    }

    private RexNode ofRow(RexNode expression) {
        return expression.accept(new Substitution(Map.of()));
    }

    /** Puts values in the place of columns, and the row's own fields in the place of what names them from within. */
    private final class Substitution extends RexShuttle {
        private final Map<RexNode, RexNode> values;

        Substitution(Map<RexNode, RexNode> values) {
            this.values = values;
        }

        @Override
        public RexNode visitInputRef(RexInputRef reference) {
            return values.getOrDefault(reference, reference);
        }

        @Override
        public RexNode visitCall(RexCall call) {
            RexNode value = values.get(call);
            if (value != null) {
                return value;
            }
            RexNode substituted = super.visitCall(call);
            return switch (substituted.getKind()) {
                case AND -> Alternatives.all(rex, ((RexCall) substituted).getOperands());
                case OR -> Alternatives.any(rex, ((RexCall) substituted).getOperands());
                default -> WideningCasts.narrowedComparison((RexCall) substituted);
            };
        }

        @Override
        public RexNode visitFieldAccess(RexFieldAccess access) {
            return access.getReferenceExpr() instanceof RexCorrelVariable variable && here.contains(variable.id)
                    ? new RexInputRef(access.getField().getIndex(), access.getType())
                    : access;
        }
    }
}
