package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.mask.JoinKey;
import dev.nicol.policy.mask.MaskFunctions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalAggregate;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalSort;
import org.apache.calcite.rel.logical.LogicalUnion;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.util.ImmutableBitSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the proof says to plans with join keys: those that {@link RawJoins} makes, and forged ones. */
class JoinKeyProofTest {
    private static final String GRANT =
            "  - {name: join, tables: [\"crm.public.patients\"], actions: [select], joinable: [ssn],"
                    + " to: {users: [alice]}}\n";

    private static final String MASKS = """
            row_filters:
              - {name: south, tables: ["crm.public.patients"], where: "region = 'S'"}
            column_masks:
              - {name: ssn, columns: ["crm.public.patients.ssn"], mask: {kind: redact}}
              - {name: name, columns: ["crm.public.patients.name"], mask: {kind: redact}}
            """;

    private static final int ID = 0;
    private static final int NAME = 1;
    private static final int SSN = 2;

    /** Where the key stands in the seal with one. */
    private static final int KEY = 8;

    @TempDir
    Path directory;

    private Clinic clinic;
    private SealedScan honest;
    private SealedScan keyed;
    private SealedScan persons;
    private RexBuilder rex;

    @BeforeEach
    void seal() {
        clinic = new Clinic(directory, GRANT + MASKS);
        honest = clinic.seal(Clinic.PATIENTS);
        keyed = honest.withKeys(List.of(SSN));
        persons = clinic.seal(Clinic.DUTIES).withKeys(List.of(0));
        rex = clinic.cluster.getRexBuilder();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT * FROM crm.public.patients p JOIN hr.public.duties d ON p.ssn = d.person",
                "SELECT p.id FROM crm.public.patients p, hr.public.duties d WHERE p.ssn = d.person AND p.id > 3",
                "SELECT d.ward FROM hr.public.duties d LEFT JOIN crm.public.patients p ON d.person = p.ssn AND p.id = 1",
                "SELECT p.s, q.ssn FROM (SELECT ssn AS s, id FROM crm.public.patients WHERE ward = 2) AS p"
                        + " FULL JOIN crm.public.patients q ON p.s = q.ssn",
                "SELECT id FROM crm.public.patients WHERE ssn IN (SELECT person FROM hr.public.duties)",
                "SELECT id FROM crm.public.patients p WHERE ssn NOT IN (SELECT person FROM hr.public.duties d WHERE d.ward = p.ward)",
                "SELECT id FROM crm.public.patients p JOIN hr.public.duties d ON p.ssn = d.person"
                        + " WHERE EXISTS (SELECT 1 FROM crm.public.wards w WHERE w.id = d.ward)",
                "SELECT COUNT(*), p.ssn FROM crm.public.patients p JOIN hr.public.duties d ON p.ssn = d.person GROUP BY p.ssn",
                "SELECT (SELECT COUNT(*) FROM crm.public.patients p JOIN hr.public.duties d ON p.ssn = d.person) FROM crm.public.wards",
                "SELECT a.id FROM crm.public.patients a JOIN crm.public.patients b ON a.ssn = b.ssn"
                        + " JOIN hr.public.duties d ON d.person = a.ssn",
            })
    void whatTheRewriteMakesIsProvenAndHasTheSameRowType(String sql) {
        RelNode plan = clinic.plan(sql);
        RelNode rewritten = RawJoins.apply(plan);

        assertThat(Seals.in(rewritten)).anyMatch(scan -> scan.keys().contains(SSN));
        assertThat(rewritten.getRowType().getFullTypeString())
                .isEqualTo(plan.getRowType().getFullTypeString());
        assertThatCode(() -> clinic.prove(rewritten)).doesNotThrowAnyException();
        assertThatCode(() -> clinic.prove(Crossing.apply(rewritten))).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT p.id FROM crm.public.patients p JOIN hr.public.duties d ON p.name = d.person",
                "SELECT p.id FROM crm.public.patients p JOIN crm.public.wards w ON p.ward = w.id",
                "SELECT p.id FROM crm.public.patients p JOIN hr.public.duties d ON p.ssn > d.person",
                "SELECT p.id FROM crm.public.patients p JOIN hr.public.duties d ON p.ssn = d.person OR p.id = 1",
                "SELECT p.id FROM crm.public.patients p JOIN (VALUES ('1')) AS v(x) ON p.ssn = v.x",
                "SELECT p.id FROM crm.public.patients p JOIN (SELECT '1' AS x FROM hr.public.duties) AS v ON p.ssn = v.x",
                "SELECT p.id FROM crm.public.patients p JOIN (SELECT MAX(person) AS x FROM hr.public.duties) AS v ON p.ssn = v.x",
                "SELECT id FROM crm.public.patients WHERE ssn = name",
                "SELECT id FROM crm.public.patients WHERE ssn IN ('1', '2')",
                "SELECT id FROM crm.public.patients WHERE ssn IN (SELECT person FROM hr.public.duties UNION SELECT '1' FROM crm.public.wards)",
                "SELECT id FROM crm.public.patients p WHERE EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.person = p.ssn)",
            })
    void whatIsNoJoinOfStoredColumnsIsLeftAlone(String sql) {
        RelNode plan = clinic.plan(sql);

        assertThat(RawJoins.apply(plan)).isSameAs(plan);
    }

    @Test
    void aKeyIsNotShown() {
        RelNode keys = project(keyed, KEY);

        assertRefused(keyed, "it shows a join key");
        assertRefused(keys, "it shows a join key");
        assertRefused(LogicalUnion.create(List.of(keys, keys), true), "it shows a join key");
        assertRefused(project(LogicalSort.create(keyed, RelCollations.of(KEY), null, null), ID), "it shows a join key");
        assertRefused(
                project(LogicalAggregate.create(keys, List.of(), ImmutableBitSet.of(0), null, List.of()), 0),
                "it shows a join key");
        assertRefused(
                LogicalProject.create(honest, List.of(), List.of(RexSubQuery.scalar(keys)), List.of("x"), Set.of()),
                "it shows a join key");
        assertThatCode(() -> clinic.prove(project(keyed, ID, SSN))).doesNotThrowAnyException();
    }

    @Test
    void aKeyIsComparedWithAKeyOnly() {
        RexNode key = rex.makeInputRef(keyed, KEY);
        RelNode both = join(rex.makeLiteral(true));
        RexNode name = rex.makeInputRef(both, KEY + 1);
        RelNode names = project(clinic.seal(Clinic.DUTIES), 0);

        assertThatCode(() -> clinic.prove(project(join(equal(key, rex.makeInputRef(both, KEY + 1 + 5))), ID)))
                .doesNotThrowAnyException();
        List<RexNode> others = List.of(
                equal(key, rex.makeLiteral("x")),
                equal(key, name),
                rex.makeCall(SqlStdOperatorTable.IS_NOT_NULL, key),
                rex.makeCall(SqlStdOperatorTable.NOT, equal(key, key)),
                rex.makeCall(SqlStdOperatorTable.OR, equal(key, key), equal(name, name)),
                rex.makeCall(SqlStdOperatorTable.GREATER_THAN, key, key),
                rex.makeCall(SqlStdOperatorTable.LIKE, key, rex.makeLiteral("a%")));
        for (RexNode wrong : others) {
            assertRefused(project(join(wrong), ID), "it computes with a join key");
            assertRefused(project(LogicalFilter.create(both, wrong), ID), "it computes with a join key");
        }
        RexNode upper = rex.makeCall(SqlStdOperatorTable.UPPER, key);
        assertRefused(
                LogicalProject.create(keyed, List.of(), List.of(upper), List.of("x"), Set.of()),
                "it computes with a join key");
        assertRefused(
                filtered(RexSubQuery.in(names, ImmutableList.of(key))), "it compares a join key with something else");
        assertRefused(
                filtered(RexSubQuery.in(project(persons, 5), ImmutableList.of(rex.makeInputRef(keyed, NAME)))),
                "it shows a join key");
        assertThatCode(() -> clinic.prove(filtered(RexSubQuery.in(project(persons, 5), ImmutableList.of(key)))))
                .doesNotThrowAnyException();
    }

    @Test
    void aKeyIsNotReadFromASubQuery() {
        CorrelationId outer = clinic.cluster.createCorrel();
        RelNode duties = clinic.seal(Clinic.DUTIES);
        for (String field : List.of(keyed.getRowType().getFieldNames().get(KEY), "ssn")) {
            RexNode access = rex.makeFieldAccess(rex.makeCorrel(keyed.getRowType(), outer), field, true);
            RexNode exists =
                    RexSubQuery.exists(LogicalFilter.create(duties, equal(access, rex.makeInputRef(duties, 0))));
            RelNode plan = project(LogicalFilter.create(keyed, exists, ImmutableSet.of(outer)), ID);
            if (field.equals("ssn")) {
                assertThatCode(() -> clinic.prove(plan)).doesNotThrowAnyException();
                assertRefused(project(LogicalFilter.create(keyed, exists), ID), "it names a row that is not there");
            } else {
                assertRefused(plan, "it computes with a join key");
            }
        }
    }

    @Test
    void aSealHasKeysOfComparableColumnsOnly() {
        Clinic filling = new Clinic(directory.resolve("fills"), GRANT.replace("[select]", "[select, insert]") + MASKS);
        SealedScan filled = filling.seal(Clinic.PATIENTS).withKeys(List.of(SSN));

        assertRefused(project(honest.withKeys(List.of(NAME)), ID), "a join key of a column that joins may not compare");
        NicolException refused = catchThrowableOfType(NicolException.class, () -> filling.prove(project(filled, ID)));
        assertThat(refused).hasMessageContaining("a join key of a column that joins may not compare");
        SealedScan view = clinic.view();
        assertRefused(project(view.withKeys(List.of(0)), ID), "its seal has");
    }

    @Test
    void aKeyIsTheKeyedHashOfItsColumn() {
        RelNode under = ((Project) honest.governed()).getInput();
        RexCall hash = (RexCall) new JoinKey().apply(rex, rex.makeInputRef(under, SSN));
        List<RexNode> parts = hash.getOperands();
        RexNode first = rex.makeCall(
                SqlStdOperatorTable.SUBSTRING, parts.get(0), rex.makeExactLiteral(java.math.BigDecimal.ONE));
        List<RexNode> wrong = List.of(
                rex.makeInputRef(under, SSN),
                new JoinKey().apply(rex, rex.makeInputRef(under, NAME)),
                rex.makeCall(hash.getType(), MaskFunctions.HASH, List.of(parts.get(0), parts.get(2), parts.get(1))),
                rex.makeCall(hash.getType(), MaskFunctions.HASH, List.of(first, parts.get(1), parts.get(2))),
                rex.makeCall(
                        hash.getType(),
                        MaskFunctions.HASH,
                        List.of(parts.get(0), rex.makeLiteral("k"), rex.makeLiteral("k"))));

        for (RexNode key : wrong) {
            assertRefused(
                    project(withKey(key, List.of(SSN)), ID), "a join key that is not the keyed hash of its column");
        }
        assertRefused(project(withKey(hash, List.of()), ID), "its seal shows a column too many");
        assertRefused(project(withKey(hash, List.of(SSN, SSN)), ID), "its seal shows a column too many");
        assertThatCode(() -> clinic.prove(project(withKey(hash, List.of(SSN)), ID)))
                .doesNotThrowAnyException();
    }

    @Test
    void noConditionOnAKeyCrosses() {
        RexNode present = rex.makeCall(SqlStdOperatorTable.IS_NOT_NULL, rex.makeInputRef(keyed, KEY));

        assertRefused(project(keyed.letThrough(List.of(present)), ID), "a predicate crossed its seal that may not");
    }

    private SealedScan withKey(RexNode key, List<Integer> keys) {
        Project masks = (Project) honest.governed();
        List<RexNode> columns = new ArrayList<>(masks.getProjects());
        columns.add(key);
        List<String> names = new ArrayList<>(masks.getRowType().getFieldNames());
        names.add("k");
        RelNode governed = LogicalProject.create(masks.getInput(), List.of(), columns, names, Set.of());
        return new SealedScan(
                clinic.cluster,
                honest.getTraitSet(),
                clinic.stored(Clinic.PATIENTS),
                governed,
                honest.decision(),
                clinic.fingerprint,
                List.of(),
                keys,
                0);
    }

    private RelNode join(RexNode condition) {
        return LogicalJoin.create(keyed, persons, List.of(), condition, Set.of(), JoinRelType.INNER);
    }

    private RelNode filtered(RexNode condition) {
        return project(LogicalFilter.create(keyed, condition), ID);
    }

    private RexNode equal(RexNode one, RexNode other) {
        return rex.makeCall(SqlStdOperatorTable.EQUALS, one, other);
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

    private void assertRefused(RelNode plan, String reason) {
        NicolException refused = catchThrowableOfType(NicolException.class, () -> clinic.prove(plan));
        assertThat(refused).as(reason).isNotNull();
        assertThat(refused.error()).isEqualTo(NicolError.NOT_PROVEN);
        assertThat(refused).hasMessageContaining(reason);
    }
}
