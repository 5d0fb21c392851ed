package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.nicol.policy.Decision;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.TableName;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.AbstractRelNode;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.TableModify;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalTableFunctionScan;
import org.apache.calcite.rel.logical.LogicalTableModify;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.InferTypes;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.validate.SqlUserDefinedFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of bad plan, forged by hand, and what the proof says to it. */
class SealProofTest {
    private static final String RULES = """
            row_filters:
              - {name: south, tables: ["crm.public.patients"], where: "region = 'S'"}
            column_masks:
              - {name: ssn, columns: ["crm.public.patients.ssn"], mask: {kind: redact}}
              - {name: initial, columns: ["crm.public.patients.name"], mask: {kind: custom, sql: "UPPER(name)"}}
            """;

    /** Where columns stand in patients. */
    private static final int ID = 0;

    private static final int NAME = 1;
    private static final int SSN = 2;
    private static final int REGION = 3;

    @TempDir
    Path directory;

    private Clinic clinic;
    private SealedScan honest;
    private Project masks;
    private Filter filter;
    private RexBuilder rex;

    @BeforeEach
    void seal() {
        clinic = new Clinic(directory, RULES);
        honest = clinic.seal(Clinic.PATIENTS);
        masks = (Project) honest.governed();
        filter = (Filter) masks.getInput();
        rex = clinic.cluster.getRexBuilder();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM crm.public.patients",
                "SELECT COUNT(*), UPPER(name) FROM crm.public.patients WHERE ssn LIKE '1%' GROUP BY name",
                "SELECT p.id FROM crm.public.patients p JOIN crm.public.wards w ON p.ward = w.id ORDER BY 1 LIMIT 3",
                "SELECT id FROM crm.public.wards WHERE id IN (SELECT ward FROM crm.public.patients)",
                "SELECT (SELECT MAX(ssn) FROM crm.public.patients) FROM hr.public.duties",
                "SELECT SUM(id) OVER (PARTITION BY ward) FROM crm.public.patients",
                "SELECT id FROM crm.public.wards UNION SELECT ward FROM hr.public.duties",
                "VALUES (1), (2)",
                "WITH RECURSIVE n(i) AS (SELECT id FROM crm.public.wards UNION ALL SELECT i + 1 FROM n WHERE i < 9)"
                        + " SELECT * FROM n",
            })
    void whatTheSealerMadeIsProven(String sql) {
        assertThatCode(() -> clinic.prove(clinic.plan(sql))).doesNotThrowAnyException();
        assertThatCode(() -> clinic.prove(Crossing.apply(clinic.plan(sql)))).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM crm.public.patients",
                "SELECT COUNT(*) FROM crm.public.patients WHERE id = 1",
                "SELECT id FROM crm.public.patients UNION ALL VALUES (1)",
                "SELECT 1 FROM (VALUES (1)) AS t(x) WHERE x IN (SELECT id FROM crm.public.patients)",
                "SELECT 1 FROM (VALUES (1)) AS t(x) JOIN (VALUES (2)) AS u(y)"
                        + " ON x = y AND EXISTS (SELECT 1 FROM crm.public.patients WHERE id = x)",
                "SELECT (SELECT MAX(ssn) FROM crm.public.patients) FROM (VALUES (1)) AS t(x)",
                "SELECT 1 FROM (VALUES (1)) AS t(x) WHERE x IN"
                        + " (SELECT y FROM (VALUES (2)) AS u(y) WHERE EXISTS (SELECT 1 FROM crm.public.patients))",
                "WITH RECURSIVE n(i) AS (SELECT id FROM crm.public.wards UNION ALL SELECT i + 1 FROM n WHERE i < 9)"
                        + " SELECT * FROM n",
            })
    void aTableWithoutASealIsRefusedWhereverItStands(String sql) {
        assertRefused(clinic.rawPlan(sql), "it reads a table without a seal");
    }

    @Test
    void anUnsealedTableBesideASealedOneIsRefused() {
        RelNode raw = clinic.rawPlan("SELECT * FROM crm.public.wards");
        RelNode plan = clinic.plan("SELECT id FROM crm.public.wards WHERE id > (SELECT MIN(id) FROM crm.public.wards)");
        RexSubQuery exists = RexSubQuery.exists(raw);

        assertRefused(
                LogicalFilter.create(plan, rex.makeCall(SqlStdOperatorTable.NOT, exists)), "a table without a seal");
    }

    /** The work table of a recursive query is no stored data, but only within that query. */
    @Test
    void aWorkTableOutsideOfItsQueryIsRefused() {
        RelNode recursive = clinic.plan("WITH RECURSIVE n(i) AS (SELECT id FROM crm.public.wards UNION ALL"
                + " SELECT i + 1 FROM n WHERE i < 9) SELECT * FROM n");
        RelNode union = recursive;
        while (union.getInputs().size() < 2) {
            union = union.getInput(0);
        }

        assertRefused(union.getInput(1), "it reads a table without a seal");
    }

    @Test
    void aSealOfAnotherPolicyIsRefused() {
        RelNode plan = clinic.plan("SELECT id FROM crm.public.patients");
        NicolException refused = catchThrowableOfType(
                NicolException.class, () -> SealProof.prove(plan, clinic.fingerprint + "x", leaf -> false));

        assertThat(refused).hasMessageContaining("its seal is of another policy");
        assertRefused(forged(clinic.stored(Clinic.PATIENTS), masks, honest.decision(), "old"), "of another policy");
    }

    @Test
    void aSealOfAnotherTableIsRefused() {
        Decision decision = honest.decision();

        assertRefused(
                forged(clinic.stored(Clinic.WARDS), masks, decision, clinic.fingerprint),
                "its seal is of another table");
        Decision nothing = new Decision(
                decision.table(), Set.of(), decision.columns(), decision.rowFilters(), decision.rules(), null);
        assertRefused(
                forged(clinic.stored(Clinic.PATIENTS), masks, nothing, clinic.fingerprint),
                "its seal is of another table");
    }

    @Test
    void aSealOverAnotherTablesRowsIsRefused() {
        RelNode wards = new SourceScan(clinic.cluster, clinic.stored(Clinic.WARDS));

        assertRefused(
                sealed(Clinic.WARDS, project(new SourceScan(clinic.cluster, clinic.stored(Clinic.DUTIES)), ID, 1)),
                "its seal holds something other than its table");
        assertThatCode(() -> clinic.prove(sealed(Clinic.WARDS, project(wards, ID, 1))))
                .doesNotThrowAnyException();
    }

    @Test
    void aSealWithoutItsProjectionIsRefused() {
        assertRefused(sealed(Clinic.PATIENTS, filter), "its seal shows stored columns");
    }

    @Test
    void aSealWithoutTheRowFilterIsRefused() {
        assertRefused(shown(filter.getInput(), masks.getProjects()), "its seal lacks the row filter");
    }

    @Test
    void aBareMaskedColumnIsRefused() {
        assertRefused(showing(SSN, rex.makeInputRef(filter, SSN)), "its seal shows a masked column");
    }

    @Test
    void aColumnTooFewOrTooManyIsRefused() {
        List<RexNode> columns = masks.getProjects();
        List<RexNode> more = new ArrayList<>(columns);
        more.add(rex.makeInputRef(filter, ID));

        assertRefused(shown(filter, columns.subList(0, columns.size() - 1)), "its seal lacks a column");
        assertRefused(shown(filter, more), "its seal shows a column too many");
    }

    @Test
    void aHiddenColumnUnderAnotherNameIsRefused() {
        RexNode upper = rex.makeCall(SqlStdOperatorTable.UPPER, rex.makeInputRef(filter, SSN));

        assertRefused(showing(REGION, rex.makeInputRef(filter, SSN)), "a hidden column under another name");
        assertRefused(showing(REGION, upper), "a hidden column under another name");
        assertRefused(showing(SSN, rex.makeCall(SqlStdOperatorTable.UPPER, rex.makeInputRef(filter, NAME))), "hidden");
        assertThatCode(() -> clinic.prove(showing(REGION, rex.makeInputRef(filter, ID))))
                .doesNotThrowAnyException();
    }

    @Test
    void aDeniedColumnMayNotBeRead() {
        Decision open = clinic.decision(Clinic.WARDS);
        Decision denied = new Decision(
                open.table(),
                open.actions(),
                List.of(open.columns().get(0), new Decision.Column("label", true, null, null, "", List.of())),
                List.of(),
                open.rules(),
                null);
        RelNode wards = new SourceScan(clinic.cluster, clinic.stored(Clinic.WARDS));
        RelOptTable table = clinic.stored(Clinic.WARDS);

        assertRefused(
                forged(table, project(wards, 1), denied, clinic.fingerprint), "a hidden column under another name");
        assertRefused(forged(table, project(wards, ID, 1), denied, clinic.fingerprint), "a column too many");
        assertThatCode(() -> clinic.prove(forged(table, project(wards, ID), denied, clinic.fingerprint)))
                .doesNotThrowAnyException();
    }

    @Test
    void aPredicateThatIsNotLeakproofMayNotHaveCrossed() {
        RexNode total = rex.makeCall(
                SqlStdOperatorTable.EQUALS, rex.makeInputRef(honest, ID), rex.makeExactLiteral(BigDecimal.ONE));
        RexNode masked = rex.makeCall(SqlStdOperatorTable.IS_NULL, rex.makeInputRef(honest, SSN));

        assertThatCode(() -> clinic.prove(honest.letThrough(List.of(total)))).doesNotThrowAnyException();
        assertRefused(honest.letThrough(List.of(total, masked)), "a predicate crossed its seal that may not");
    }

    @Test
    void aCustomMaskReadsThisRowOnly() {
        RelNode other = clinic.plan("SELECT MAX(label) FROM crm.public.wards");
        RexNode window = ((Project) clinic.rawPlan("SELECT MAX(name) OVER () FROM crm.public.patients"))
                .getProjects()
                .get(0);
        RexNode outer =
                rex.makeFieldAccess(rex.makeCorrel(filter.getRowType(), clinic.cluster.createCorrel()), "name", true);
        RexNode theirs = rex.makeCall(userDefined(), rex.makeInputRef(filter, NAME));

        for (RexNode reading : List.of(RexSubQuery.scalar(other), window, outer)) {
            assertRefused(showing(NAME, reading), "a mask of its seal reads other rows");
        }
        assertRefused(showing(NAME, theirs), "it calls `THEIRS`, which is not understood");
        assertThatCode(() -> clinic.prove(showing(NAME, rex.makeInputRef(filter, SSN))))
                .doesNotThrowAnyException();
    }

    @Test
    void aViewsPlanIsProvenToo() {
        SealedScan view = clinic.view();
        RelNode raw = clinic.rawPlan("SELECT id, region FROM crm.public.patients");

        assertThatCode(() -> clinic.prove(view)).doesNotThrowAnyException();
        assertRefused(sealed(Clinic.REGIONS_VIEW, project(raw, 0, 1)), "it reads a table without a seal");
    }

    @Test
    void writesAndFunctionsAreNotUnderstood() {
        RelOptTable wards = clinic.governedTable(Clinic.WARDS);
        RelNode rows = clinic.plan("SELECT * FROM crm.public.wards");
        RelNode write = LogicalTableModify.create(wards, null, rows, TableModify.Operation.DELETE, null, null, false);
        RelNode function = LogicalTableFunctionScan.create(
                clinic.cluster,
                List.of(rows),
                rex.makeCall(rows.getRowType(), SqlStdOperatorTable.CURSOR, List.of()),
                null,
                rows.getRowType(),
                Set.of());

        assertRefused(write, "it holds a `LogicalTableModify`, which is not understood");
        assertRefused(function, "it holds a `LogicalTableFunctionScan`, which is not understood");
    }

    @Test
    void unknownNodesAreRefusedAndTrustedLeavesAreNot() {
        Unknown leaf = new Unknown(clinic.cluster, List.of());
        Unknown above = new Unknown(clinic.cluster, List.of(clinic.plan("SELECT id FROM crm.public.wards")));

        assertRefused(leaf, "it holds a `Unknown`, which is not understood");
        assertRefused(above, "it holds a `Unknown`, which is not understood");
        assertThatCode(() -> SealProof.prove(project(leaf, 0), clinic.fingerprint, Unknown.class::isInstance))
                .doesNotThrowAnyException();
    }

    @Test
    void functionsOfSomebodyElseAreRefused() {
        RelNode wards = clinic.plan("SELECT * FROM crm.public.wards");
        RexNode call = rex.makeCall(userDefined(), rex.makeInputRef(wards, 1));
        RexNode nested = rex.makeCall(SqlStdOperatorTable.UPPER, call);

        for (RexNode expression : List.of(call, nested)) {
            RelNode plan = LogicalProject.create(wards, List.of(), List.of(expression), List.of("x"), Set.of());
            assertRefused(plan, "it calls `THEIRS`, which is not understood");
        }
    }

    private void assertRefused(RelNode plan, String reason) {
        NicolException refused = catchThrowableOfType(NicolException.class, () -> clinic.prove(plan));
        assertThat(refused).as(reason).isNotNull();
        assertThat(refused.error()).isEqualTo(NicolError.NOT_PROVEN);
        assertThat(refused)
                .hasMessageContaining("This statement cannot be proven governed and was not run")
                .hasMessageContaining(reason);
    }

    /** The seal of patients with one column shown otherwise. */
    private SealedScan showing(int column, RexNode expression) {
        List<RexNode> columns = new ArrayList<>(masks.getProjects());
        columns.set(column, expression);
        return shown(filter, columns);
    }

    private SealedScan shown(RelNode under, List<RexNode> columns) {
        List<String> names =
                IntStream.range(0, columns.size()).mapToObj(at -> "c" + at).toList();
        return sealed(Clinic.PATIENTS, LogicalProject.create(under, List.of(), columns, names, Set.of()));
    }

    private RelNode project(RelNode input, int... fields) {
        List<RexNode> columns = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int field : fields) {
            columns.add(rex.makeInputRef(input, field));
            names.add("c" + field);
        }
        return LogicalProject.create(input, List.of(), columns, names, Set.of());
    }

    private SealedScan sealed(TableName table, RelNode governed) {
        return forged(clinic.stored(table), governed, clinic.decision(table), clinic.fingerprint);
    }

    private SealedScan forged(RelOptTable table, RelNode governed, Decision decision, String fingerprint) {
        return new SealedScan(clinic.cluster, honest.getTraitSet(), table, governed, decision, fingerprint, List.of());
    }

    private static SqlFunction userDefined() {
        return new SqlUserDefinedFunction(
                new SqlIdentifier("THEIRS", SqlParserPos.ZERO),
                SqlKind.OTHER_FUNCTION,
                ReturnTypes.ARG0,
                InferTypes.FIRST_KNOWN,
                OperandTypes.operandMetadata(List.of(), factory -> List.of(), position -> "x", position -> false),
                List::of);
    }

    /** A node that nobody knows. */
    private static final class Unknown extends AbstractRelNode {
        private final List<RelNode> inputs;

        Unknown(RelOptCluster cluster, List<RelNode> inputs) {
            super(cluster, cluster.traitSet());
            this.inputs = inputs;
        }

        @Override
        public List<RelNode> getInputs() {
            return inputs;
        }

        @Override
        protected RelDataType deriveRowType() {
            return Clinic.TYPES.builder().add("x", SqlTypeName.INTEGER).build();
        }

        @Override
        public RelNode copy(RelTraitSet traits, List<RelNode> replaced) {
            return this;
        }
    }
}
