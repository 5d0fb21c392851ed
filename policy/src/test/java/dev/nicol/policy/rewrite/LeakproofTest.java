package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.nio.file.Path;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which predicates are total: the ssn is masked, everything else is shown as it is stored. */
class LeakproofTest {
    private static final int ID = 0;
    private static final int NAME = 1;
    private static final int SSN = 2;
    private static final int WARD = 4;
    private static final int SCORE = 6;

    @TempDir
    Path directory;

    private Clinic clinic;
    private SealedScan seal;
    private RexBuilder rex;

    @BeforeEach
    void seal() {
        clinic = new Clinic(directory, """
                row_filters:
                  - {name: south, tables: ["crm.public.patients"], where: "region = 'S'"}
                column_masks:
                  - {name: ssn, columns: ["crm.public.patients.ssn"], mask: {kind: redact}}
                """);
        seal = clinic.seal(Clinic.PATIENTS);
        rex = clinic.cluster.getRexBuilder();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "id = 1",
                "id <> 1",
                "id < 1",
                "id <= 1",
                "id > 1",
                "id >= 1",
                "1 = id",
                "id = ward",
                "id = ?",
                "id IS NULL OR name IS NULL",
                "name IS NOT NULL",
                "id IN (1, 2, 3)",
                "id BETWEEN 1 AND 5",
                "id = 1 AND ward = 2",
                "id = 1 OR NOT (ward = 2 AND fee > 3.50)",
                "born = DATE '2000-02-29'",
                "score IS NULL",
            })
    void totalPredicates(String where) {
        assertThat(Leakproof.total(condition(where), seal)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ssn IS NULL",
                "ssn = '1'",
                "'1' = ssn",
                "ssn IN ('1', '2')",
                "name = ssn",
                "ssn = name",
                "ssn IS NOT NULL",
                "id + 1 = 2",
                "2 = id + 1",
                "ward = id / ward",
                "10 / id > 1",
                "CAST(name AS INTEGER) = 1",
                "name LIKE 'A%'",
                "UPPER(name) = 'A'",
                "UPPER(name) IS NULL",
                "UPPER(name) IS NOT NULL",
                "CHAR_LENGTH(name) IN (1, 2)",
                "score = 1.5E0",
                "score > 1.5E0",
                "id = 1 AND UPPER(name) = 'A'",
                "id = 1 OR ssn = '1'",
                "NOT (id = 1 OR 10 / ward = 1)",
                "id IN (SELECT id FROM crm.public.wards)",
            })
    void whatCanFailOrReadsAMaskedColumnIsNot(String where) {
        assertThat(Leakproof.total(condition(where), seal)).isFalse();
    }

    @Test
    void constantsAreTotalAndBareColumnsAndParametersAreNot() {
        RelDataType bool = Clinic.TYPES.createSqlType(SqlTypeName.BOOLEAN);

        assertThat(Leakproof.total(rex.makeLiteral(true), seal)).isTrue();
        assertThat(Leakproof.total(rex.makeLiteral(false), seal)).isTrue();
        assertThat(Leakproof.total(rex.makeInputRef(bool, ID), seal)).isFalse();
        assertThat(Leakproof.total(rex.makeDynamicParam(bool, 0), seal)).isFalse();
    }

    @Test
    void comparisonsAreOfOneFamilyAndExact() {
        RexNode one = rex.makeExactLiteral(BigDecimal.ONE);

        assertThat(total(column(ID), one)).isTrue();
        assertThat(total(column(ID), rex.makeDynamicParam(column(ID).getType(), 0)))
                .isTrue();
        assertThat(total(column(WARD), column(ID))).isTrue();
        assertThat(total(column(NAME), one)).isFalse();
        assertThat(total(column(SCORE), rex.makeApproxLiteral(BigDecimal.ONE))).isFalse();
        assertThat(total(column(SSN), rex.makeLiteral("1"))).isFalse();
        assertThat(total(one, one)).isFalse();
    }

    private boolean total(RexNode left, RexNode right) {
        return Leakproof.total(rex.makeCall(SqlStdOperatorTable.EQUALS, left, right), seal);
    }

    private RexNode column(int at) {
        return rex.makeInputRef(seal, at);
    }

    private RexNode condition(String where) {
        return Sealer.bound(((Filter) clinic.plan("SELECT * FROM crm.public.patients WHERE " + where)
                        .getInput(0))
                .getCondition());
    }
}
