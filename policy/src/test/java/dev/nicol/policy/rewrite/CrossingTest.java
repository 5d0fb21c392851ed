package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Patients and wards have row filters, duties have none; the ssn is masked. */
class CrossingTest {
    private static final String RULES = """
            row_filters:
              - {name: south, tables: ["crm.public.patients"], where: "region = 'S'"}
              - {name: small, tables: ["crm.public.wards"], where: "id < 10"}
            column_masks:
              - {name: ssn, columns: ["crm.public.patients.ssn"], mask: {kind: redact}}
            """;

    private static final String JOIN = "SELECT 1 FROM crm.public.patients p %s JOIN crm.public.wards w ON %s WHERE %s";

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // what crosses, and what stays above
                "id = 1 | =($0, 1) | ",
                "id = 1 AND ward = 2 | =($0, 1); =($4, 2) | ",
                "id = 1 AND UPPER(name) = 'A' | =($0, 1) | =(UPPER($1), 'A')",
                "id = 1 AND ssn IS NULL AND 10 / ward = 1 | =($0, 1) | AND(IS NULL($2), =(/(10, $4), 1))",
                "ssn IS NULL | | IS NULL($2)",
                "id = 1 OR UPPER(name) = 'A' | | OR(=($0, 1), =(UPPER($1), 'A'))",
            })
    void totalPredicatesOfWhereCross(String where, String crossed, String left) {
        Clinic clinic = new Clinic(directory, RULES);
        RelNode plan = Crossing.apply(clinic.plan("SELECT * FROM crm.public.patients WHERE " + where));

        assertThat(crossing(plan)).isEqualTo(crossed == null ? "" : crossed);
        assertThat(filters(plan)).isEqualTo(left == null ? "" : left);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // join, its condition, where, what crosses to patients and to wards, what stays
                "INNER | p.ward = w.id | p.id = 1 | =($0, 1) | | ",
                "INNER | p.ward = w.id | w.label = 'x' | | =($1, 'x') | ",
                "INNER | p.ward = w.id | p.ward = 7 | =($4, 7) | =($0, 7) | ",
                "INNER | p.ward = w.id | w.id = 7 | =($4, 7) | =($0, 7) | ",
                "INNER | w.id = p.ward | p.ward = 7 | =($4, 7) | =($0, 7) | ",
                "INNER | p.ward = w.id AND p.name = w.label | p.ward = 7 | =($4, 7) | =($0, 7) | ",
                "INNER | p.id = w.id | w.id = 7 | =($0, 7) | =($0, 7) | ",
                "INNER | p.name = w.label | p.name = 'x' | =($1, 'x') | | ",
                "INNER | p.ward > w.id | p.ward = 7 | =($4, 7) | | ",
                "INNER | p.ward = w.id | p.id = w.id | | | =($0, $8)",
                "INNER | p.ward = w.id | p.ssn IS NULL | | | IS NULL($2)",
                "LEFT | p.ward = w.id | p.id = 1 | =($0, 1) | | ",
                "LEFT | p.ward = w.id | w.id = 1 | | | =($8, 1)",
                "LEFT | p.ward = w.id | p.ward = 7 | =($4, 7) | | ",
                "RIGHT | p.ward = w.id | p.id = 1 | | | =($0, 1)",
                "RIGHT | p.ward = w.id | w.id = 1 | | | =($8, 1)",
                "FULL | p.ward = w.id | p.id = 1 | | | =($0, 1)",
                "FULL | p.ward = w.id | w.id = 1 | | | =($8, 1)",
            })
    void predicatesCrossJoinsOnTheSideThatKeepsItsRows(
            String kind, String on, String where, String patients, String wards, String left) {
        Clinic clinic = new Clinic(directory, RULES);
        RelNode plan = Crossing.apply(clinic.plan(JOIN.formatted(kind, on, where)));
        List<SealedScan> seals = Seals.in(plan);

        assertThat(crossed(seals.get(0))).isEqualTo(patients == null ? "" : patients);
        assertThat(crossed(seals.get(1))).isEqualTo(wards == null ? "" : wards);
        assertThat(filters(plan)).isEqualTo(left == null ? "" : left);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT * FROM (SELECT ward AS w, id AS i FROM crm.public.patients) WHERE i = 1 | =($0, 1) | ",
                "SELECT * FROM (SELECT id + 1 AS i FROM crm.public.patients) WHERE i = 1 | | =($0, 1)",
                "SELECT * FROM (SELECT * FROM crm.public.patients WHERE 10 / ward = 1) WHERE id = 1"
                        + " | =($0, 1) | =(/(10, $4), 1)",
                "SELECT * FROM (SELECT id, COUNT(*) FROM crm.public.patients GROUP BY id) WHERE id = 1 | | =($0, 1)",
                "SELECT * FROM (SELECT id FROM crm.public.patients LIMIT 1) WHERE id = 1 | | =($0, 1)",
                "SELECT person FROM hr.public.duties WHERE ward = 1 | | =($2, 1)",
            })
    void predicatesCrossProjectionsAndFiltersAndNothingElse(String sql, String crossed, String left) {
        Clinic clinic = new Clinic(directory, RULES);
        RelNode plan = Crossing.apply(clinic.plan(sql));

        assertThat(crossing(plan)).isEqualTo(crossed == null ? "" : crossed);
        assertThat(filters(plan)).isEqualTo(left == null ? "" : left);
    }

    /** The other side of a join is told through what stands above the join, as far as columns stay columns. */
    @Test
    void theOtherSideIsToldThroughProjectionsAndFilters() {
        Clinic clinic = new Clinic(directory, RULES);
        String inner = "SELECT %s AS k, p.name FROM crm.public.patients p JOIN crm.public.wards w ON p.ward = w.id"
                + " WHERE UPPER(w.label) = 'X'";
        String outer = "SELECT * FROM (" + inner + ") WHERE k = 7";

        List<SealedScan> told = Seals.in(Crossing.apply(clinic.plan(outer.formatted("p.ward"))));
        assertThat(crossed(told.get(0))).isEqualTo("=($4, 7)");
        assertThat(crossed(told.get(1))).isEqualTo("=($0, 7)");
        List<SealedScan> computed = Seals.in(Crossing.apply(clinic.plan(outer.formatted("p.ward + 1"))));
        assertThat(crossed(computed.get(0))).isEmpty();
        assertThat(crossed(computed.get(1))).isEmpty();
    }

    /** Dates are the same wherever they are equal; texts may be equal by one column's collation only. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "born | DATE '2000-01-01' | =($7, 2000-01-01)",
                "fee | 1.50 | =($5, 1.50)",
                "name | 'x' | ",
                "region | 'x' | ",
            })
    void theOtherSideIsToldOfKeysThatAreTheSame(String key, String value, String told) {
        Clinic clinic = new Clinic(directory, RULES);
        List<SealedScan> seals = Seals.in(Crossing.apply(clinic.plan(
                "SELECT 1 FROM crm.public.patients p JOIN crm.public.patients q ON p.%1$s = q.%1$s WHERE p.%1$s = %2$s"
                        .formatted(key, value))));

        assertThat(crossed(seals.get(0))).isNotEmpty();
        assertThat(crossed(seals.get(1))).isEqualTo(told == null ? "" : told);
    }

    @Test
    void aPlanInWhichNothingCrossesStaysAsItIs() {
        Clinic clinic = new Clinic(directory, RULES);
        RelNode plan = clinic.plan("SELECT id FROM crm.public.patients");

        assertThat(Crossing.apply(plan)).isSameAs(plan);
    }

    @Test
    void ontoOneSealTakesWhatIsTotalAndLeavesTheRest() {
        Clinic clinic = new Clinic(directory, RULES);
        String sql = "SELECT * FROM crm.public.patients WHERE id = 1 AND ward = 2";
        Filter all = (Filter) clinic.plan(sql).getInput(0);
        Filter some = (Filter) clinic.plan(sql + " AND UPPER(name) = 'A'").getInput(0);

        RelNode sealed = Crossing.onto(all, (SealedScan) all.getInput());
        assertThat(sealed).isInstanceOf(SealedScan.class);
        assertThat(crossing(sealed)).isEqualTo("=($0, 1); =($4, 2)");
        RelNode rest = Crossing.onto(some, (SealedScan) some.getInput());
        assertThat(crossing(rest)).isEqualTo("=($0, 1); =($4, 2)");
        assertThat(filters(rest)).isEqualTo("=(UPPER($1), 'A')");
    }

    private static String crossing(RelNode plan) {
        return crossed(Seals.in(plan).get(0));
    }

    private static String crossed(SealedScan seal) {
        return String.join("; ", seal.crossing().stream().map(Object::toString).toList());
    }

    /** Conditions of the filters that stand above seals, from the top. */
    private static String filters(RelNode plan) {
        String own = plan instanceof Filter filter ? filter.getCondition().toString() : "";
        List<String> below = plan.getInputs().stream()
                .map(CrossingTest::filters)
                .filter(text -> !text.isEmpty())
                .toList();
        return own + String.join("; ", below);
    }
}
