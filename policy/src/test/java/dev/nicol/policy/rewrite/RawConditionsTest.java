package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The ssn, fee and score of patients, the label of wards and the person of duties are masked and open to conditions; the name is masked and is not.
 * Plans are written a node after the other, seals with what crossed them in braces.
 */
class RawConditionsTest {
    private static final String RULES = """
              - {name: look, tables: ["crm.public.*"], actions: [select], filterable: [ssn, fee, score, label], to: {users: [alice]}}
              - {name: roster, tables: ["hr.public.*"], actions: [select], filterable: [person], to: {users: [alice]}}
            column_masks:
              - {name: texts, columns: ["crm.public.patients.ssn", "crm.public.patients.name", "crm.public.wards.label", "hr.public.duties.person"], mask: {kind: redact}}
              - {name: numbers, columns: ["crm.public.patients.fee", "crm.public.patients.score"], mask: {kind: "null"}}
            """;

    private static final String JOIN = "SELECT 1 FROM crm.public.patients p %s JOIN crm.public.wards w ON %s";

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "ssn = '1' | patients{=($2, '1')}",
                "'1' = ssn | patients{=('1', $2)}",
                "ssn = ? | patients{=($2, ?0)}",
                "? = ssn | patients{=(?0, $2)}",
                "ssn <> '1' | patients{<>($2, '1')}",
                "ssn > '1' AND ssn <= '5' | patients{>($2, '1'), <=($2, '5')}",
                "ssn IS NULL | patients{IS NULL($2)}",
                "ssn IS NOT NULL | patients{IS NOT NULL($2)}",
                "fee > 3.50 | patients{>($5, 3.50)}",
                "score IS NULL | patients{IS NULL($6)}",
                // Beside it, what reads no such column stays, and so does what can fail.
                "ssn = '1' AND id = 1 | filter =($0, 1) > patients{=($2, '1')}",
                "id = 1 AND ssn = '1' AND UPPER(ssn) = 'A'"
                        + " | filter AND(=($0, 1), =(UPPER($2), 'A')) > patients{=($2, '1')}",
                // Whole conjuncts cross, or none of it.
                "ssn = '1' OR id = 1 | patients{OR(=($2, '1'), =($0, 1))}",
                "ssn = '1' OR NOT (id = 1 AND region = 'S')"
                        + " | patients{OR(=($2, '1'), NOT(AND(=($0, 1), =($3, 'S'))))}",
                "ssn = '1' OR UPPER(ssn) = 'A' | filter OR(=($2, '1'), =(UPPER($2), 'A')) > patients{}",
                "ssn = '1' OR name = 'A' | filter OR(=($2, '1'), =($1, 'A')) > patients{}",
            })
    void conjunctsOfWhereThatCompareWithConstantsSeeTheStoredValue(String where, String plan) {
        assertThat(applied("SELECT 1 FROM crm.public.patients WHERE " + where)).isEqualTo(plan);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "id = 1",
                "name = 'A'",
                "name IS NULL",
                "ssn = region",
                "ssn = name",
                "region = ssn",
                "CAST(ssn AS INTEGER) = 1",
                "ssn LIKE '1%'",
                "score = 1.5E0",
                "score < 2.5E0",
                "fee = score",
                "CHAR_LENGTH(ssn) IN (1, 2)",
                "UPPER(ssn) IS NULL",
                "TRUE",
            })
    void everythingElseStaysAsItIs(String where) {
        Clinic clinic = new Clinic(directory, RULES);
        RelNode plan = clinic.plan("SELECT 1 FROM crm.public.patients WHERE " + where);

        assertThat(RawConditions.apply(plan)).isSameAs(plan);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // join, WHERE, the plan from there
                "INNER | p.ssn = '1' | inner join =($4, $8) > patients{=($2, '1')} > wards{}",
                "INNER | w.label = 'x' | inner join =($4, $8) > patients{} > wards{=($1, 'x')}",
                "INNER | w.label = 'x' AND p.ssn = '1' | inner join =($4, $8) > patients{=($2, '1')} > wards{=($1, 'x')}",
                "INNER | p.ssn = '1' OR w.label = 'x'"
                        + " | filter OR(=($2, '1'), =($9, 'x')) > inner join =($4, $8) > patients{} > wards{}",
                "LEFT | p.ssn = '1' | left join =($4, $8) > patients{=($2, '1')} > wards{}",
                "LEFT | w.label = 'x' | filter =($9, 'x') > left join =($4, $8) > patients{} > wards{}",
                "RIGHT | p.ssn = '1' | filter =($2, '1') > right join =($4, $8) > patients{} > wards{}",
                "RIGHT | w.label = 'x' | right join =($4, $8) > patients{} > wards{=($1, 'x')}",
                "FULL | p.ssn = '1' | filter =($2, '1') > full join =($4, $8) > patients{} > wards{}",
                "FULL | w.label = 'x' | filter =($9, 'x') > full join =($4, $8) > patients{} > wards{}",
            })
    void conditionsOfWhereReachTheSideThatKeepsItsRows(String kind, String where, String plan) {
        assertThat(applied(JOIN.formatted(kind, "p.ward = w.id") + " WHERE " + where))
                .isEqualTo(plan);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // join, ON, the plan from there
                "INNER | p.ssn = '1' | inner join =($4, $8) > patients{=($2, '1')} > wards{}",
                "INNER | w.label = 'x' | inner join =($4, $8) > patients{} > wards{=($1, 'x')}",
                "INNER | p.ssn = '1' AND w.label = 'x' AND p.id > w.id"
                        + " | inner join AND(=($4, $8), >($0, $8)) > patients{=($2, '1')} > wards{=($1, 'x')}",
                "LEFT | w.label = 'x' | left join =($4, $8) > patients{} > wards{=($1, 'x')}",
                "LEFT | p.ssn = '1' | left join AND(=($4, $8), =($2, '1')) > patients{} > wards{}",
                "RIGHT | p.ssn = '1' | right join =($4, $8) > patients{=($2, '1')} > wards{}",
                "RIGHT | w.label = 'x' | right join AND(=($4, $8), =($9, 'x')) > patients{} > wards{}",
                "FULL | p.ssn = '1' | full join AND(=($4, $8), =($2, '1')) > patients{} > wards{}",
                "FULL | w.label = 'x' | full join AND(=($4, $8), =($9, 'x')) > patients{} > wards{}",
                "INNER | (p.ssn = '1' OR w.label = 'x')"
                        + " | inner join AND(=($4, $8), OR(=($2, '1'), =($9, 'x'))) > patients{} > wards{}",
            })
    void conditionsOfOnReachTheSideWhoseRowsItMayLeaveOut(String kind, String on, String plan) {
        assertThat(applied(JOIN.formatted(kind, "p.ward = w.id AND " + on))).isEqualTo(plan);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "SELECT 1 FROM (SELECT ward, ssn AS s FROM crm.public.patients) WHERE s = '1'"
                        + " | project $4, $2 > patients{=($2, '1')}",
                "SELECT 1 FROM (SELECT UPPER(ssn) AS s FROM crm.public.patients) WHERE s = '1'"
                        + " | filter =($0, '1') > project UPPER($2) > patients{}",
                "SELECT 1 FROM (SELECT ssn FROM crm.public.patients WHERE 10 / ward = 1) WHERE ssn = '1'"
                        + " | project $2 > filter =(/(10, $4), 1) > patients{=($2, '1')}",
                "SELECT 1 FROM hr.public.duties WHERE person = 'A' | duties{=($0, 'A')}",
                // What a projection computed it computed of the mask.
                "SELECT 1 FROM (SELECT ssn = '1' AS k FROM crm.public.patients) WHERE k"
                        + " | filter $0 > project =($2, '1') > patients{}",
                "SELECT 1 FROM (SELECT ssn IS NULL AS k FROM crm.public.patients) WHERE NOT k"
                        + " | filter NOT($0) > project IS NULL($2) > patients{}",
                // What counts or cuts rows sees those that the condition leaves out.
                "SELECT 1 FROM (SELECT ssn FROM crm.public.patients GROUP BY ssn) WHERE ssn = '1'"
                        + " | filter =($0, '1') > aggregate > project $2 > patients{}",
                "SELECT 1 FROM (SELECT ssn FROM crm.public.patients LIMIT 1) WHERE ssn = '1'"
                        + " | filter =($0, '1') > sort > project $2 > patients{}",
                "SELECT 1 FROM (SELECT ssn, COUNT(*) OVER () AS c FROM crm.public.patients) WHERE ssn = '1'"
                        + " | filter =($0, '1') > project $2, COUNT() OVER () > patients{}",
            })
    void conditionsReachTheirSealThroughWhatTreatsRowsOneByOne(String sql, String plan) {
        assertThat(applied(sql)).isEqualTo(plan);
    }

    @Test
    void conditionsWithinSubQueriesAreConditionsToo() {
        Clinic clinic = new Clinic(directory, RULES);
        RelNode plan = RawConditions.apply(clinic.plan("SELECT 1 FROM hr.public.duties d WHERE d.ward IN"
                + " (SELECT ward FROM crm.public.patients WHERE ssn = '1')"));

        assertThat(written(plan)).contains("patients{=($2, '1')}").doesNotContain("filter =($2");
        assertThat(Seals.in(plan)).extracting(seal -> seal.crossing().size()).containsExactlyInAnyOrder(0, 1);
        clinic.prove(plan);
    }

    /** A sub-query that stays names the row as before. */
    @Test
    void whatStaysKeepsTheNameOfItsRow() {
        Clinic clinic = new Clinic(directory, RULES);
        RelNode plan = clinic.plan("SELECT 1 FROM crm.public.patients p WHERE p.ssn = '1' AND EXISTS"
                + " (SELECT 1 FROM crm.public.wards w WHERE w.id = p.ward)");
        RelNode applied = RawConditions.apply(plan);

        assertThat(applied.getInput(0).getVariablesSet())
                .hasSize(1)
                .isEqualTo(plan.getInput(0).getVariablesSet());
        assertThat(Seals.in(applied))
                .extracting(seal -> seal.crossing().toString())
                .contains("[=($2, '1')]", "[]");
        clinic.prove(applied);
    }

    @Test
    void rawComparisonsAreOfOneFamilyWithConstantsOnly() {
        Clinic clinic = new Clinic(directory, RULES);
        SealedScan seal = clinic.seal(Clinic.PATIENTS);
        RexBuilder rex = clinic.cluster.getRexBuilder();
        RexNode ssn = rex.makeInputRef(seal, 2);
        RexNode fee = rex.makeInputRef(seal, 5);
        RexNode one = rex.makeExactLiteral(BigDecimal.ONE);
        RexNode half = rex.makeApproxLiteral(new BigDecimal("0.5"));

        assertThat(equal(rex, fee, one, seal)).isTrue();
        assertThat(equal(rex, one, fee, seal)).isTrue();
        assertThat(equal(rex, ssn, one, seal)).isFalse();
        assertThat(equal(rex, half, fee, seal)).isFalse();
        assertThat(equal(rex, fee, half, seal)).isFalse();
        assertThat(equal(rex, fee, fee, seal)).isFalse();
        assertThat(equal(rex, one, one, seal)).isFalse();
        assertThat(Leakproof.raw(ssn, seal)).isFalse();
        RexNode bare = rex.makeInputRef(Clinic.TYPES.createSqlType(SqlTypeName.BOOLEAN), 1);
        RexNode is = rex.makeCall(SqlStdOperatorTable.EQUALS, ssn, rex.makeLiteral("1"));
        assertThat(Leakproof.raw(is, seal)).isTrue();
        assertThat(Leakproof.raw(rex.makeCall(SqlStdOperatorTable.OR, is, bare), seal))
                .isFalse();
        assertThat(Leakproof.raw(rex.makeLiteral(true), seal)).isFalse();
        assertThat(seal.filterableColumn(2)).isEqualTo(2);
        assertThat(seal.filterableColumn(1)).isEqualTo(-1);
        assertThat(seal.filterableColumn(0)).isEqualTo(-1);
    }

    private static boolean equal(RexBuilder rex, RexNode left, RexNode right, SealedScan seal) {
        return Leakproof.raw(rex.makeCall(SqlStdOperatorTable.EQUALS, left, right), seal);
    }

    /** The plan below its first projection, proven. */
    private String applied(String sql) {
        Clinic clinic = new Clinic(directory, RULES);
        RelNode plan = RawConditions.apply(clinic.plan(sql));
        clinic.prove(plan);
        return written(plan.getInput(0));
    }

    private static String written(RelNode plan) {
        return Clinic.text(plan)
                .lines()
                .map(String::strip)
                .map(line -> line.replaceAll("SealedScan\\(table=\\[\\[\\w+, public, (\\w+)]]\\)", "$1{}")
                        .replaceAll(
                                "SealedScan\\(table=\\[\\[\\w+, public, (\\w+)]], crossing=\\[\\[(.*)]]\\)", "$1{$2}")
                        .replaceAll("LogicalFilter\\(condition=\\[(.*)]\\)", "filter $1")
                        .replaceAll("LogicalJoin\\(condition=\\[(.*)], joinType=\\[(\\w+)]\\)", "$2 join $1")
                        .replaceAll("LogicalProject\\((.*)\\)", "project $1")
                        .replaceAll("\\w+\\$?\\d*=\\[([^]]*)]", "$1")
                        .replaceAll("LogicalAggregate\\(.*", "aggregate")
                        .replaceAll("LogicalSort\\(.*", "sort"))
                .collect(Collectors.joining(" > "));
    }
}
