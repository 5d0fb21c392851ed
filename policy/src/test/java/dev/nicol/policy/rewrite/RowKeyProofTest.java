package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.TableName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.RelFactories;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalSort;
import org.apache.calcite.rel.logical.LogicalUnion;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.tools.RelBuilder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Row keys are carried where rows stay apart, and what carries them is proven; anything else with them is refused. */
class RowKeyProofTest {
    private static final Map<TableName, List<Integer>> KEYS =
            Map.of(Clinic.PATIENTS, List.of(0), Clinic.DUTIES, List.of(0, 1), Clinic.WARDS, List.of());

    @TempDir
    Path directory;

    private Clinic clinic;
    private SealedScan keyed;
    private RexBuilder rex;
    private int key;

    @BeforeEach
    void seal() {
        clinic = new Clinic(directory, "");
        keyed = clinic.seal(Clinic.PATIENTS).withRowKeys(List.of(0));
        key = keyed.getRowType().getFieldCount() - 1;
        rex = clinic.cluster.getRexBuilder();
    }

    /** How many keys are carried, and of how many tables rows are not told apart. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "SELECT * FROM crm.public.patients ; 1 ; 0",
                "SELECT name FROM crm.public.patients WHERE id = 1 ORDER BY region ; 1 ; 0",
                "SELECT name, RANK() OVER (ORDER BY id) FROM crm.public.patients ; 1 ; 0",
                "SELECT p.id, d.ward FROM crm.public.patients p LEFT JOIN hr.public.duties d ON p.ssn = d.person ; 2 ; 0",
                "SELECT a.id FROM crm.public.patients a, crm.public.patients b WHERE a.id < b.id ; 2 ; 0",
                "SELECT p.id FROM crm.public.patients p JOIN crm.public.wards w ON w.id = p.ward ; 1 ; 1",
                "SELECT COUNT(*) FROM crm.public.patients ; 0 ; 1",
                "SELECT DISTINCT region FROM crm.public.patients ; 0 ; 1",
                "SELECT id FROM crm.public.patients UNION ALL SELECT id FROM crm.public.patients ; 0 ; 1",
                "SELECT p.id FROM crm.public.patients p WHERE EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.ward = p.ward) ; 1 ; 1",
                "SELECT (SELECT MAX(d.ward) FROM hr.public.duties d WHERE d.ward = p.ward) FROM crm.public.patients p ; 1 ; 1",
                "SELECT p.id, l.ward FROM crm.public.patients p, LATERAL (SELECT d.ward FROM hr.public.duties d WHERE d.ward = p.ward) l ; 2 ; 0",
                "SELECT t.name FROM (SELECT name, region FROM crm.public.patients ORDER BY fee LIMIT 3) t WHERE t.region = 'EU' ; 1 ; 0"
            })
    void whatIsCarriedIsProvenAndHasTheRowsInFront(String sql, int carriedKeys, int untold) {
        RelNode plan = clinic.plan(sql);
        RowKeys.Carried carried = RowKeys.carried(plan, KEYS);

        assertThat(carried.keys()).hasSize(carriedKeys);
        assertThat(carried.untold()).hasSize(untold);
        int shown = plan.getRowType().getFieldCount();
        assertThat(carried.plan().getRowType().getFieldList().subList(0, shown))
                .isEqualTo(plan.getRowType().getFieldList());
        assertThatCode(() -> prove(carried.plan(), shown)).doesNotThrowAnyException();
        if (carriedKeys == 0) {
            assertThat(carried.plan()).isSameAs(plan);
        } else {
            assertRefused(() -> clinic.prove(carried.plan()), "its seal shows a row key");
            assertRefused(() -> prove(carried.plan(), shown + 1), "where it does not belong");
            assertRefused(() -> prove(carried.plan(), shown - 1), "where it does not belong");
        }
    }

    @Test
    void aKeyThatDoesAnythingIsRefused() {
        RexNode reference = rex.makeInputRef(keyed, key);
        RexNode one = rex.makeCall(SqlStdOperatorTable.IS_NOT_NULL, reference);
        refuse(LogicalFilter.create(keyed, one), "computes with a row key");
        refuse(LogicalSort.create(keyed, RelCollations.of(key), null, null), "sorts by a row key");
        refuse(
                projected(rex.makeCall(SqlStdOperatorTable.UNARY_MINUS, reference), reference),
                "computes with a row key");
        refuse(projected(reference, rex.makeInputRef(keyed, 0)), "where it does not belong");
        refuse(LogicalUnion.create(List.of(keyed, keyed), true), "where it does not belong");
        SealedScan other = clinic.seal(Clinic.PATIENTS);
        RexNode equal = rex.makeCall(
                SqlStdOperatorTable.EQUALS,
                reference,
                rex.makeInputRef(other.getRowType().getFieldList().get(0).getType(), key + 1));
        refuse(
                LogicalJoin.create(keyed, other, List.of(), equal, Set.of(), JoinRelType.INNER),
                "computes with a row key");
        refuse(
                LogicalJoin.create(other, keyed, List.of(), rex.makeLiteral(true), Set.of(), JoinRelType.SEMI),
                "where rows are only looked for");
        RelBuilder builder = RelFactories.LOGICAL_BUILDER.create(clinic.cluster, null);
        refuse(
                builder.push(keyed)
                        .aggregate(builder.groupKey(key), builder.countStar("n"))
                        .build(),
                "where it does not belong");
        RexNode exists = RexSubQuery.exists(keyed);
        refuse(LogicalFilter.create(other, exists), "where it does not belong");
    }

    @Test
    void aRowKeyIsAStoredColumn() {
        SealedScan honest = clinic.seal(Clinic.PATIENTS);
        RexNode made = rex.makeCall(
                SqlStdOperatorTable.UPPER, rex.makeInputRef(honest.governed().getInput(0), 1));
        List<RexNode> columns =
                new ArrayList<>(rex.identityProjects(honest.governed().getRowType()));
        columns.add(made);
        List<String> names = new ArrayList<>(honest.getRowType().getFieldNames());
        names.add("k");
        RelNode governed = LogicalProject.create(honest.governed().getInput(0), List.of(), columns, names, Set.of());
        SealedScan forged = new SealedScan(
                clinic.cluster,
                honest.getTraitSet(),
                clinic.stored(Clinic.PATIENTS),
                governed,
                honest.decision(),
                clinic.fingerprint,
                List.of(),
                List.of(),
                1);
        refuse(forged, "a row key that is no stored column");
    }

    private RelNode projected(RexNode... columns) {
        return LogicalProject.create(keyed, List.of(), List.of(columns), List.of("a", "b"), Set.of());
    }

    private void prove(RelNode plan, int shown) {
        SealProof.proveCarrying(plan, shown, clinic.fingerprint, leaf -> false);
    }

    private void refuse(RelNode plan, String reason) {
        assertRefused(() -> prove(plan, plan.getRowType().getFieldCount() - 1), reason);
    }

    private static void assertRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable proof, String reason) {
        NicolException refused = catchThrowableOfType(NicolException.class, proof);
        assertThat(refused).as(reason).isNotNull();
        assertThat(refused.error()).isEqualTo(NicolError.NOT_PROVEN);
        assertThat(refused).hasMessageContaining(reason);
    }
}
