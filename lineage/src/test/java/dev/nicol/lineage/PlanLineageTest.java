package dev.nicol.lineage;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.nicol.policy.rewrite.SourceScan;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.prepare.RelOptTableImpl;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.SingleRel;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.TableModify;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalTableFunctionScan;
import org.apache.calcite.rel.logical.LogicalTableModify;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.junit.jupiter.api.Test;

/** Plans that SQL does not make before optimisation, and plans that must be UNKNOWN. */
class PlanLineageTest {
    private static final GovernedSchema SCHEMA = new GovernedSchema();

    private final RelNode customers = SCHEMA.plan("SELECT id, name FROM customers");
    private final RelNode orders = SCHEMA.plan("SELECT customer_id, status FROM orders");
    private final RexBuilder rex = customers.getCluster().getRexBuilder();

    @Test
    void semiAndAntiJoinsShowTheLeftSideOnly() {
        for (JoinRelType type : List.of(JoinRelType.SEMI, JoinRelType.ANTI)) {
            assertThat(words(join(type)))
                    .containsExactlyInAnyOrder(
                            "id: customers.id IDENTITY",
                            "name: customers.name IDENTITY",
                            "*: customers.id JOIN",
                            "*: orders.customer_id JOIN");
        }
    }

    @Test
    void aMarkJoinsMarkComesFromItsCondition() {
        RelNode join = join(JoinRelType.LEFT_MARK);
        String mark = join.getRowType().getFieldNames().get(2);

        assertThat(words(join))
                .containsExactlyInAnyOrder(
                        "id: customers.id IDENTITY",
                        "name: customers.name IDENTITY",
                        mark + ": customers.id TRANSFORMATION",
                        mark + ": orders.customer_id TRANSFORMATION");
    }

    @Test
    void aTableFunctionMayUseAllOfItsRowsForEachColumn() {
        RelNode function = LogicalTableFunctionScan.create(
                customers.getCluster(),
                List.of(customers),
                rex.makeCall(SqlStdOperatorTable.UPPER, rex.makeInputRef(customers, 1)),
                null,
                orders.getRowType(),
                Set.of());

        assertThat(words(function))
                .containsExactlyInAnyOrder(
                        "customer_id: customers.id TRANSFORMATION",
                        "customer_id: customers.name TRANSFORMATION",
                        "status: customers.id TRANSFORMATION",
                        "status: customers.name TRANSFORMATION",
                        "*: customers.id FILTER",
                        "*: customers.name FILTER");
    }

    @Test
    void targetsCanBeRenamed() {
        Lineage renamed = LineageExtractor.of(SCHEMA.plan("SELECT id, name FROM customers WHERE region = 'EU'"))
                .renamed(List.of("key", "label"));

        assertThat(LineageCase.words(renamed))
                .containsExactlyInAnyOrder(
                        "key: customers.id IDENTITY", "label: customers.name IDENTITY", "*: customers.region FILTER");
        assertThat(Lineage.UNKNOWN.renamed(List.of("key"))).isEqualTo(Lineage.UNKNOWN);
    }

    @Test
    void anUnknownNodeIsUnknownAnywhere() {
        RelNode unknown = new Mystery(customers);

        assertThat(words(unknown)).containsExactly("unknown");
        assertThat(words(LogicalJoin.create(
                        orders, unknown, List.of(), rex.makeLiteral(true), Set.of(), JoinRelType.INNER)))
                .containsExactly("unknown");
        assertThat(words(project(RexSubQuery.exists(unknown)))).containsExactly("unknown");
    }

    @Test
    void writesAreUnknown() {
        RelOptTable table = Objects.requireNonNull(SCHEMA.table("customers"));
        RelNode insert = LogicalTableModify.create(
                table,
                (org.apache.calcite.prepare.Prepare.CatalogReader) Objects.requireNonNull(table.getRelOptSchema()),
                SCHEMA.plan("SELECT * FROM customers"),
                TableModify.Operation.INSERT,
                null,
                null,
                false);

        assertThat(words(insert)).containsExactly("unknown");
    }

    @Test
    void anUnknownExpressionIsUnknown() {
        RexNode name = rex.makeInputRef(customers, 1);

        assertThat(words(project(new MysteryCall(name)))).containsExactly("unknown");
        assertThat(words(LogicalFilter.create(
                        customers, rex.makeCall(SqlStdOperatorTable.IS_NULL, new MysteryCall(name)))))
                .containsExactly("unknown");
    }

    @Test
    void aCorrelationVariableOutsideItsQueryIsUnknown() {
        RexNode row = rex.makeCorrel(orders.getRowType(), new CorrelationId(7));

        assertThat(words(project(rex.makeFieldAccess(row, 0)))).containsExactly("unknown");
    }

    @Test
    void aTableWithoutThreeNamesIsUnknown() {
        RelOptTable odd =
                RelOptTableImpl.create(null, customers.getRowType(), ImmutableList.of("crm", "customers"), null);

        assertThat(words(new SourceScan(customers.getCluster(), odd))).containsExactly("unknown");
    }

    @Test
    void edgesAreOrderedByTarget() {
        List<LineageEdge> edges = LineageExtractor.of(
                        SCHEMA.plan("SELECT name || region AS v, id FROM customers WHERE region = 'EU'"))
                .edges();

        assertThat(edges).extracting(LineageEdge::targetOrdinal).containsExactly(0, 1, 1, 2);
        assertThat(edges).extracting(LineageEdge::sourceColumn).containsExactly("region", "name", "region", "id");
        assertThat(edges.get(0).targetColumn()).isNull();
    }

    private RelNode join(JoinRelType type) {
        RexNode condition = rex.makeCall(
                SqlStdOperatorTable.EQUALS,
                rex.makeInputRef(customers, 0),
                rex.makeInputRef(orders.getRowType().getFieldList().get(0).getType(), 2));
        return LogicalJoin.create(customers, orders, List.of(), condition, Set.of(), type);
    }

    private RelNode project(RexNode expression) {
        return LogicalProject.create(customers, List.of(), List.of(expression), List.of("v"), Set.of());
    }

    private static List<String> words(RelNode plan) {
        return LineageCase.words(LineageExtractor.of(plan));
    }

    /** A node of a kind that nobody told the extractor about. */
    private static final class Mystery extends SingleRel {
        Mystery(RelNode input) {
            super(input.getCluster(), input.getTraitSet(), input);
        }

        @Override
        public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
            return new Mystery(inputs.get(0));
        }
    }

    /** An expression that could hide more than its operands. */
    private static final class MysteryCall extends RexCall {
        MysteryCall(RexNode operand) {
            super(operand.getType(), SqlStdOperatorTable.UPPER, List.of(operand));
        }
    }
}
