package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.Decision;
import dev.nicol.policy.TableName;
import java.nio.file.Path;
import java.util.List;
import org.apache.calcite.plan.Convention;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.logical.LogicalValues;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.schema.ColumnStrategy;
import org.apache.calcite.schema.Schema;
import org.apache.calcite.sql2rel.InitializerExpressionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a seal holds, by the policy it comes from. */
class SealerTest {
    private static final String FILTER = "row_filters:\n  - {name: f, tables: [\"crm.public.wards\"], where: \"%s\"}\n";
    private static final String MASK =
            "column_masks:\n  - {name: m, columns: [\"crm.public.wards.label\"], mask: %s}\n";

    @TempDir
    Path directory;

    @Test
    void withoutRulesTheProjectionStandsOnTheTable() {
        assertThat(governed("")).isEqualTo("""
                        LogicalProject(id=[$0], label=[$1])
                          SourceScan(table=[[crm, public, wards]])""");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "id = 1 | =($0, 1)",
                "id = 1 AND label IS NULL | AND(=($0, 1), IS NULL($1))",
                // A constant filter still stands: the proof looks for it.
                "TRUE | true",
                "FALSE | false",
                "1 = 2 | =(1, 2)",
                // The validator widens text columns to longer constants; an index would be lost.
                "label = 'a label of more than twenty characters' | =($1, 'a label of more than twenty characters')",
                "'a label of more than twenty characters' > label | >('a label of more than twenty characters', $1)",
                // A cast that cuts stays, and so does one of something else than text.
                "CAST(label AS VARCHAR(3)) = 'abc' | =(CAST($1):VARCHAR(3), 'abc')",
                "CAST(id AS BIGINT) = 5 | =(CAST($0):BIGINT NOT NULL, 5)",
                "CAST(label AS VARCHAR(30)) IS NULL | IS NULL(CAST($1):VARCHAR(30))",
                "CAST(label AS VARCHAR(30)) = UPPER(label) | =(CAST($1):VARCHAR(30), CAST(UPPER($1)):VARCHAR(30))",
            })
    void theRowFilterStandsBetween(String where, String condition) {
        Clinic clinic = new Clinic(directory, FILTER.formatted(where));
        SealedScan seal = clinic.seal(Clinic.WARDS);
        Filter filter = (Filter) seal.governed().getInput(0);

        assertThat(seal.filtersRows()).isTrue();
        assertThat(filter.getCondition().toString().replace(":VARCHAR(38)", "")).isEqualTo(condition);
        assertThat(filter.getInput()).isInstanceOf(SourceScan.class);
        clinic.prove(seal);
    }

    /** Calcite may drop a condition that it knows: of TRUE it leaves the table, of FALSE no rows. */
    @Test
    void aConditionThatWasDroppedStillStands() {
        Clinic clinic = new Clinic(directory, FILTER.formatted("id = 1"));
        RelNode table = new SourceScan(clinic.cluster, clinic.stored(Clinic.WARDS));
        RelNode nothing = LogicalValues.createEmpty(clinic.cluster, table.getRowType());

        assertThat(conditionOf(clinic, table)).isEqualTo("true");
        assertThat(conditionOf(clinic, nothing)).isEqualTo("false");
        assertThat(conditionOf(clinic, clinic.rawPlan("SELECT * FROM crm.public.wards")))
                .isEqualTo("true");
    }

    @Test
    void severalFiltersAreAnded() {
        String two = FILTER.formatted("id < 9") + "  - {name: g, tables: [\"crm.public.*\"], where: \"id > 1\"}\n";

        assertThat(governed(two)).contains("condition=[AND(<($0, 9), >($0, 1))]");
    }

    @Test
    void identityIsBoundInSubQueriesToo() {
        Clinic clinic = new Clinic(
                directory,
                FILTER.formatted(
                        "label = CURRENT_USER OR id IN"
                                + " (SELECT ward FROM hr.public.duties d WHERE d.person = ATTRIBUTE('login') AND d.ward = wards.id)"));
        SealedScan seal = clinic.seal(Clinic.WARDS);
        String text = Clinic.text(seal.governed());

        assertThat(text).doesNotContain("CURRENT_USER", "ATTRIBUTE").containsPattern("\\$0.*\\?100\\d{4}");
        assertThat(text.split("\\?1000", -1)).hasSizeGreaterThanOrEqualTo(3);
        assertThat(((Filter) seal.governed().getInput(0)).getVariablesSet()).hasSize(1);
        assertThat(BoundParameter.isBound(BoundParameter.FIRST_INDEX)).isTrue();
    }

    @Test
    void identityIsBoundInWholePlans() {
        Clinic clinic = new Clinic(directory, "");
        RelNode plan = clinic.plan("SELECT CURRENT_USER AS me FROM crm.public.wards WHERE label = USER AND id IN"
                + " (SELECT ward FROM hr.public.duties WHERE person = CURRENT_USER)");
        RelNode plain = clinic.plan("SELECT id FROM crm.public.wards");

        assertThat(Clinic.text(Sealer.bound(plan))).doesNotContain("USER").contains("?100");
        assertThat(Sealer.bound(plain)).isSameAs(plain);
    }

    @Test
    void masksAreAppliedAboveTheFilter() {
        assertThat(governed(FILTER.formatted("label = 'x'") + MASK.formatted("{kind: redact, with: '#'}")))
                .isEqualTo("""
                        LogicalProject(id=[$0], label=[CASE(IS NULL($1), null:VARCHAR(20), '#':VARCHAR(20))])
                          LogicalFilter(condition=[=($1, 'x')])
                            SourceScan(table=[[crm, public, wards]])""");
    }

    @Test
    void aCustomMaskIsAnExpressionOverTheRow() {
        String custom = MASK.formatted("{kind: custom, sql: \"CASE WHEN id > 5 THEN CURRENT_USER ELSE label END\"}");

        assertThat(governed(custom).replaceAll("\\?100\\d{4}", "?"))
                .contains("label=[CASE(IS NULL($1), null:VARCHAR,")
                .contains("CASE(>($0, 5), ");
        assertThat(governed(custom)).doesNotContain("CURRENT_USER").contains("?100");
    }

    @Test
    void theVisibleRowHasMaskedTypes() {
        Clinic clinic = new Clinic(directory, MASK.formatted("{kind: hash}"));

        assertThat(clinic.governedTable(Clinic.WARDS).getRowType().getFullTypeString())
                .startsWith("RecordType(INTEGER NOT NULL id, VARCHAR")
                .contains(" label)")
                .doesNotContain("VARCHAR(20)");
        assertThat(clinic.seal(Clinic.WARDS).getRowType())
                .isEqualTo(clinic.governedTable(Clinic.WARDS).getRowType());
    }

    @Test
    void deniedColumnsDoNotExist() {
        Clinic clinic = new Clinic(directory, "");
        Decision open = clinic.decision(Clinic.WARDS);
        Decision denied = new Decision(
                open.table(),
                open.actions(),
                List.of(
                        new Decision.Column("id", true, null, null, "", List.of()),
                        open.columns().get(1)),
                List.of(),
                open.rules(),
                null);
        SealedScan seal = clinic.sealer.seal(clinic.cluster, clinic.stored(Clinic.WARDS), denied, clinic.fingerprint);

        assertThat(Clinic.text(seal.governed())).startsWith("LogicalProject(label=[$1])");
        assertThat(seal.storedColumn(0)).isEqualTo(1);
        assertThat(Sealer.visibleRowType(clinic.stored(Clinic.WARDS).getRowType(), denied, Clinic.TYPES)
                        .getFieldNames())
                .containsExactly("label");
    }

    @Test
    void aSealKnowsItsStoredColumns() {
        SealedScan seal = new Clinic(directory, MASK.formatted("{kind: redact}")).seal(Clinic.WARDS);

        assertThat(seal.storedColumn(0)).isZero();
        assertThat(seal.storedColumn(1)).isEqualTo(-1);
        assertThatThrownBy(() -> seal.storedColumn(2)).hasMessageContaining("no output column 2");
    }

    @Test
    void aSealShowsNoPolicyAndDiffersByFingerprintAndCrossing() {
        Clinic clinic = new Clinic(directory, FILTER.formatted("label = 'secret'"));
        SealedScan seal = clinic.seal(Clinic.WARDS);
        RexNode isNull = clinic.cluster
                .getRexBuilder()
                .makeCall(
                        org.apache.calcite.sql.fun.SqlStdOperatorTable.IS_NULL,
                        clinic.cluster.getRexBuilder().makeInputRef(seal, 1));
        SealedScan crossed = seal.letThrough(List.of(isNull));
        SealedScan other = clinic.sealer.seal(clinic.cluster, clinic.stored(Clinic.WARDS), seal.decision(), "another");

        assertThat(Clinic.text(seal)).isEqualTo("SealedScan(table=[[crm, public, wards]])");
        assertThat(Clinic.text(crossed))
                .isEqualTo("SealedScan(table=[[crm, public, wards]], crossing=[[IS NULL($1)]])");
        assertThat(seal.deepEquals(clinic.seal(Clinic.WARDS))).isTrue();
        assertThat(seal.deepHashCode())
                .isEqualTo(clinic.seal(Clinic.WARDS).deepHashCode())
                .isNotEqualTo(other.deepHashCode());
        assertThat(seal.deepEquals(crossed)).isFalse();
        assertThat(seal.deepEquals(other)).isFalse();
        assertThat(seal.deepEquals(clinic.seal(Clinic.DUTIES))).isFalse();
        assertThat(seal.deepEquals("a seal")).isFalse();
        assertThat(seal.copy(seal.getTraitSet(), List.of())).isSameAs(seal);
        assertThat(seal.getTable().getQualifiedName()).containsExactly("crm", "public", "wards");
        RelNode moved = crossed.copy(
                seal.getTraitSet().replace(org.apache.calcite.adapter.enumerable.EnumerableConvention.INSTANCE),
                List.of());
        assertThat(((SealedScan) moved).crossing()).containsExactly(isNull);
        assertThat(moved.getConvention()).isNotEqualTo(Convention.NONE);
        assertThat(seal.deepEquals(moved)).isFalse();
    }

    @Test
    void aSealOfATableGivesNoPlanOfAView() {
        SealedScan seal = new Clinic(directory, "").seal(Clinic.WARDS);

        assertThat(seal.ofView()).isFalse();
        assertThatThrownBy(seal::viewPlan).hasMessageContaining("crm.public.wards is of no view");
    }

    @Test
    void aViewIsSealedOverWhatItReads() {
        Clinic clinic = new Clinic(directory, """
                row_filters:
                  - {name: south, tables: ["crm.public.patients"], where: "fee > 1"}
                  - {name: known, tables: ["virtual.v.regions"], where: "region IS NOT NULL"}
                """);
        SealedScan view = clinic.view();

        assertThat(view.ofView()).isTrue();
        assertThat(Clinic.text(view.governed())).isEqualTo("""
                        LogicalProject(id=[$0], region=[$1])
                          LogicalFilter(condition=[IS NOT NULL($1)])
                            LogicalProject(id=[$0], region=[$3])
                              SealedScan(table=[[crm, public, patients]])""");
        assertThat(Clinic.text(view.viewPlan())).isEqualTo("""
                        LogicalProject(id=[$0], region=[$3])
                          SealedScan(table=[[crm, public, patients]])""");
        assertThat(Seals.in(view))
                .extracting(seal -> seal.decision().table())
                .containsExactly(Clinic.REGIONS_VIEW, Clinic.PATIENTS);
    }

    @Test
    void sealsAreFoundInSubQueries() {
        Clinic clinic = new Clinic(directory, "");

        assertThat(Seals.in(clinic.plan("SELECT (SELECT MAX(id) FROM crm.public.wards) FROM hr.public.duties WHERE ward"
                        + " IN (SELECT ward FROM crm.public.patients)")))
                .extracting(seal -> seal.decision().table())
                .containsExactlyInAnyOrder(Clinic.WARDS, Clinic.DUTIES, Clinic.PATIENTS);
    }

    @Test
    void aGovernedTableTellsWhichColumnsAnInsertMayLeaveOut() {
        Clinic clinic = new Clinic(directory, "");
        RelOptTable wards = clinic.governedTable(Clinic.WARDS);
        GovernedTable table = wards.unwrap(GovernedTable.class);
        InitializerExpressionFactory defaults = table.unwrap(InitializerExpressionFactory.class);

        assertThat(defaults.generationStrategy(wards, 1)).isEqualTo(ColumnStrategy.DEFAULT);
        assertThat(defaults.generationStrategy(wards, 0)).isEqualTo(ColumnStrategy.NOT_NULLABLE);
        assertThat(table.getJdbcTableType()).isEqualTo(Schema.TableType.TABLE);
        assertThat(table.decision()).isEqualTo(clinic.decision(Clinic.WARDS));
        assertThat(table.storedRowType().getFieldNames()).containsExactly("id", "label");
        assertThat(table.getStatistic()).isNotNull();
    }

    /** The row filter of the seal where the catalogue makes that plan of the policy's condition. */
    private static String conditionOf(Clinic clinic, RelNode plan) {
        PolicyCatalog catalog = new PolicyCatalog() {
            @Override
            public RelOptTable stored(TableName table) {
                return clinic.stored(table);
            }

            @Override
            public RelNode filtered(RelOptCluster cluster, TableName table, String condition) {
                return plan;
            }

            @Override
            public RexNode expression(RelOptCluster cluster, TableName table, String expression) {
                return clinic.expression(cluster, table, expression);
            }
        };
        SealedScan seal = new Sealer(catalog)
                .seal(clinic.cluster, clinic.stored(Clinic.WARDS), clinic.decision(Clinic.WARDS), clinic.fingerprint);
        return ((Filter) seal.governed().getInput(0)).getCondition().toString();
    }

    private String governed(String rules) {
        return Clinic.text(new Clinic(directory, rules).seal(Clinic.WARDS).governed());
    }
}
