package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Row filters on patients that look up duties, a table of another source: parameters ?0, ?1 … are its values. */
class LookUpsTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // filter, values of the look-up's one column, condition, values bound
                "ward IN (SELECT ward FROM hr.public.duties) | 1,2 | IN VALUES($4, ?0, ?1) | 1,2",
                "ward IN (SELECT ward FROM hr.public.duties) | | false | ",
                "ward NOT IN (SELECT ward FROM hr.public.duties) | 3 | NOT(IN VALUES($4, ?0)) | 3",
                "region IN (SELECT region FROM hr.public.duties) | N,null | IN VALUES($3, ?0, ?1) | N,null",
                "EXISTS (SELECT 1 FROM hr.public.duties) | 1 | true | ",
                "EXISTS (SELECT 1 FROM hr.public.duties) | | false | ",
                "region = (SELECT MAX(region) FROM hr.public.duties) | N | =($3, ?0) | N",
                "region = (SELECT MAX(region) FROM hr.public.duties) | | =($3, ?0) | null",
                "ward > SOME (SELECT ward FROM hr.public.duties) | 1,2 | ANY OF(>($4, ?0), >($4, ?1)) | 1,2",
                "ward > SOME (SELECT ward FROM hr.public.duties) | | false | ",
                "id > 1 OR ward IN (SELECT ward FROM hr.public.duties) | 7 | OR(>($0, 1), IN VALUES($4, ?0)) | 7",
                // correlated
                "EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.ward = patients.ward) | 5 | IN VALUES($4, ?0) | 5",
                "EXISTS (SELECT 1 FROM hr.public.duties d WHERE patients.ward = d.ward) | 5 | IN VALUES($4, ?0) | 5",
                "EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.ward < patients.ward) | 5,6"
                        + " | ANY OF(<(?0, $4), <(?1, $4)) | 5,6",
                "NOT EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.ward = patients.ward) | 5"
                        + " | NOT(IN VALUES($4, ?0)) | 5",
                "NOT EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.region = patients.region) | N"
                        + " | NOT(AND(IS NOT NULL($3), IN VALUES($3, ?0))) | N",
                "EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.region = patients.region) | N,null"
                        + " | IN VALUES($3, ?0) | N",
            })
    void valuesTakeThePlaceOfLookUps(String where, @Nullable String values, String condition, @Nullable String bound) {
        Reader reader = new Reader(rows(values));

        assertThat(condition(where, reader)).isEqualTo(condition);
        assertThat(reader.values.stream().map(String::valueOf).toList())
                .isEqualTo(bound == null ? List.of() : List.of(bound.split(",")));
    }

    @Test
    void severalColumnsBecomeAlternatives() {
        String where = "(ward, region) IN (SELECT ward, region FROM hr.public.duties)";
        Reader reader = new Reader(List.of(List.of(1, "N"), List.of(2, "S"), List.of(1, "N")));

        assertThat(condition(where, reader)).startsWith("ANY OF(AND(=($4, ?0), =($3, ?1)), AND(=($4, ?2), =($3, ?3))");
        assertThat(reader.values).containsExactly(1, "N", 2, "S");
    }

    @Test
    void correlatedPairsAreGroupedByTheirKeys() {
        String where = "EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.ward = patients.ward AND d.region ="
                + " patients.region AND d.person = CURRENT_USER)";
        Reader reader = new Reader(
                List.of(Arrays.asList(1, "N"), Arrays.asList(1, "S"), Arrays.asList(2, "N"), Arrays.asList(3, null)));

        assertThat(condition(where, reader))
                .isEqualTo("ANY OF(AND(=($4, ?0), IN VALUES($3, ?1, ?2)), AND(=($4, ?3), IN VALUES($3, ?1)))");
        assertThat(reader.values).containsExactly(1, "N", "S", 2);
        assertThat(Clinic.text(reader.queries.get(0)))
                .contains("LogicalFilter(condition=[=($0, ?100")
                .doesNotContain("$cor");
    }

    @Test
    void equalLookUpsAreReadOnce() {
        String where = "ward IN (SELECT ward FROM hr.public.duties) OR id IN (SELECT ward FROM hr.public.duties)";
        Reader reader = new Reader(rows("1"));

        assertThat(condition(where, reader)).isEqualTo("OR(IN VALUES($4, ?0), IN VALUES($0, ?0))");
        assertThat(reader.queries).hasSize(1);
        assertThat(reader.most).containsExactly(LookUps.MAX_VALUES);
    }

    @Test
    void tooManyValuesAreRefused() {
        List<List<@Nullable Object>> most = numbers(LookUps.MAX_VALUES);

        assertThat(condition("ward IN (SELECT ward FROM hr.public.duties)", new Reader(most)))
                .startsWith("IN VALUES($4, ?0");
        assertThatThrownBy(() -> condition(
                        "ward IN (SELECT ward FROM hr.public.duties)", new Reader(numbers(LookUps.MAX_VALUES + 1))))
                .hasMessageContaining("`crm.public.patients` depends on more than 10000 values");
        assertThatThrownBy(() -> condition(
                        "ward > SOME (SELECT ward FROM hr.public.duties)",
                        new Reader(numbers(LookUps.MAX_ALTERNATIVES + 1))))
                .hasMessageContaining("more than 1000 values");
        assertThatThrownBy(() -> condition("region = (SELECT region FROM hr.public.duties)", new Reader(rows("N,S"))))
                .hasMessageContaining("more than 1 values");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "score IN (SELECT share FROM hr.public.duties) | values of type `DOUBLE",
                "ward = (SELECT MAX(ward) FROM hr.public.duties d WHERE d.region = patients.region)"
                        + " | a sub-query that names the row outside of IN and EXISTS",
                "ward IN (SELECT MAX(d.ward) FROM hr.public.duties d WHERE d.region = patients.region)"
                        + " | the row is named below a join, an aggregate or a limit",
                "EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.ward IN (SELECT e.ward FROM hr.public.duties e WHERE"
                        + " e.region = patients.region)) | a sub-query within it names the row",
            })
    void whatCannotBeBoundIsRefused(String where, String reason) {
        Clinic clinic = new Clinic(directory, "");
        RelNode filtered = clinic.filtered(clinic.cluster, Clinic.PATIENTS, where);

        assertThat(LookUps.problem(Clinic.PATIENTS, filtered)).contains("`crm.public.patients`", reason);
    }

    @Test
    void whatCanBeBoundIsNoProblemAndLookUpsBesideTheDataNeedNone() {
        Clinic clinic = new Clinic(directory, filter("ward IN (SELECT id FROM crm.public.wards)"));
        RelNode own = clinic.plan("SELECT id FROM crm.public.patients");
        RelNode elsewhere =
                clinic.filtered(clinic.cluster, Clinic.PATIENTS, "ward IN (SELECT ward FROM hr.public.duties)");

        assertThat(LookUps.problem(Clinic.PATIENTS, elsewhere)).isNull();
        assertThat(LookUps.needed(own)).isFalse();
        assertThat(new LookUps(LookUpReader.NONE).bound(own)).isSameAs(own);
    }

    @Test
    void lookUpsAreBoundInSubQueriesAndViews() {
        Clinic clinic = new Clinic(directory, filter("ward IN (SELECT ward FROM hr.public.duties)"));
        RelNode plan =
                clinic.plan("SELECT label FROM crm.public.wards WHERE id IN (SELECT ward FROM crm.public.patients)");
        RelNode bound = new LookUps(new Reader(rows("4"))).bound(plan);
        SealedScan view = new LookUps(new Reader(rows("4"))).bound(clinic.view());

        assertThat(LookUps.needed(plan)).isTrue();
        assertThat(LookUps.needed(bound)).isFalse();
        assertThat(Clinic.text(Seals.in(bound).get(1).governed())
                        + Clinic.text(Seals.in(bound).get(0).governed()))
                .contains("IN VALUES($4, ?0)");
        assertThat(view.ofView()).isTrue();
        assertThat(Clinic.text(Seals.in(view).get(1).governed())).contains("IN VALUES($4, ?0)");
    }

    private String condition(String where, Reader reader) {
        Clinic clinic = new Clinic(directory, filter(where));
        SealedScan seal = new LookUps(reader).bound(clinic.seal(Clinic.PATIENTS));
        return ((Filter) seal.governed().getInput(0)).getCondition().toString();
    }

    private static String filter(String where) {
        return "row_filters:\n  - {name: f, tables: [\"crm.public.patients\"], where: \"" + where + "\"}\n";
    }

    /** Rows of one column, numbers as such; {@code null} for none. */
    private static List<List<@Nullable Object>> rows(@Nullable String values) {
        List<List<@Nullable Object>> rows = new ArrayList<>();
        for (String value : values == null ? new String[0] : values.split(",")) {
            Object read = value.matches("\\d+") ? Integer.valueOf(value) : value.replace("'", "");
            rows.add(Collections.singletonList(value.equals("null") ? null : read));
        }
        return rows;
    }

    private static List<List<@Nullable Object>> numbers(int count) {
        return IntStream.range(0, count)
                .<List<@Nullable Object>>mapToObj(Collections::singletonList)
                .toList();
    }

    /** Answers every look-up with the same rows and remembers what it was asked. */
    private static final class Reader implements LookUpReader {
        private final List<List<@Nullable Object>> rows;
        private final List<RelNode> queries = new ArrayList<>();
        private final List<Integer> most = new ArrayList<>();
        private final List<@Nullable Object> values = new ArrayList<>();

        Reader(List<List<@Nullable Object>> rows) {
            this.rows = rows;
        }

        @Override
        public List<List<@Nullable Object>> rows(RelNode query, int limit) {
            queries.add(query);
            most.add(limit);
            return rows;
        }

        @Override
        public int parameter(@Nullable Object value, RelDataType type) {
            values.add(value);
            return values.size() - 1;
        }
    }
}
