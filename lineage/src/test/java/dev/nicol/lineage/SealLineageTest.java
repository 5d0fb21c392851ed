package dev.nicol.lineage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalValues;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.junit.jupiter.api.Test;

/** Seals that SQL over the corpus's tables does not show. */
class SealLineageTest {
    private static final GovernedSchema SCHEMA = new GovernedSchema();

    /** A view {@code virtual.sales.v(who, contact)} over customers in Europe. */
    private final RelNode view = SCHEMA.plan("SELECT name AS who, email AS contact FROM customers WHERE region = 'EU'");

    private final SealedTable governed = new SealedTable(new TableName("virtual", "sales", "v"), types(view));
    private final RelOptTable table = Objects.requireNonNull(SCHEMA.table("customers"));

    @Test
    void aMaskThatOnlyTestsItsColumnIsOneDirectEdge() {
        governed.mask("who", new HandMask.Redact());

        assertThat(words(seal()))
                .containsExactlyInAnyOrder(
                        "who: customers.name TRANSFORMATION masked",
                        "contact: customers.email TRANSFORMATION masked",
                        "*: customers.region FILTER");
    }

    @Test
    void aConstantMaskOnAViewMasksTheColumnsBelowTheView() {
        governed.mask("who", new HandMask.ToNull());

        assertThat(words(seal())).contains("who: customers.name TRANSFORMATION masked");
    }

    @Test
    void aViewsOwnFilterIsTheStatementsAndTheRowFilterIsThePolicys() {
        governed.filter((cluster, raw) -> cluster.getRexBuilder()
                .makeCall(
                        SqlStdOperatorTable.IS_NOT_NULL, cluster.getRexBuilder().makeInputRef(raw, 0)));

        assertThat(words(seal()))
                .contains("*: customers.region FILTER", "*: customers.name POLICY_FILTER")
                .doesNotContain("*: customers.region POLICY_FILTER", "*: customers.name FILTER");
    }

    @Test
    void predicatesThatCrossTheSealAreFilters() {
        SealedScan seal = seal();
        RexBuilder rex = seal.getCluster().getRexBuilder();
        RexNode predicate = rex.makeCall(SqlStdOperatorTable.IS_NULL, rex.makeInputRef(seal, 0));

        assertThat(words(seal.letThrough(List.of(predicate)))).contains("*: customers.name FILTER");
    }

    @Test
    void aSealSimplifiedToNoRowsHasNoOrigins() {
        SealedScan seal = seal();
        RelNode empty = LogicalValues.createEmpty(seal.getCluster(), seal.getRowType());
        SealedScan nothing =
                new SealedScan(seal.getCluster(), seal.getTraitSet(), table, empty, seal.decision(), "p1", List.of());

        assertThat(words(nothing)).containsExactly("nothing");
    }

    @Test
    void aSealOfAnotherShapeIsUnknown() {
        SealedScan seal = seal();
        SealedScan bare = new SealedScan(
                seal.getCluster(),
                seal.getTraitSet(),
                table,
                SCHEMA.plan("SELECT name AS who, email AS contact FROM customers ORDER BY 1"),
                seal.decision(),
                "p1",
                List.of());

        assertThat(words(bare)).containsExactly("unknown");
    }

    @Test
    void aColumnWithoutADecisionIsUnknown() {
        SealedScan seal = seal();
        RelNode renamed = LogicalProject.create(
                view,
                List.of(),
                view.getCluster().getRexBuilder().identityProjects(view.getRowType()),
                List.of("who", "other"),
                Set.of());
        SealedScan odd =
                new SealedScan(seal.getCluster(), seal.getTraitSet(), table, renamed, seal.decision(), "p1", List.of());

        assertThat(words(odd)).containsExactly("unknown");
    }

    private SealedScan seal() {
        return governed.seal(view.getCluster(), table, view);
    }

    private static List<String> words(RelNode plan) {
        return LineageCase.words(LineageExtractor.of(plan));
    }

    private static Map<String, RelDataType> types(RelNode plan) {
        Map<String, RelDataType> types = new LinkedHashMap<>();
        plan.getRowType().getFieldList().forEach(field -> types.put(field.getName(), field.getType()));
        return types;
    }
}
