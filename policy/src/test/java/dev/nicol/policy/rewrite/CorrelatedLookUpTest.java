package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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

/**
 * Row filters on patients ({@code $0} id, {@code $1} name, {@code $3} region, {@code $4} ward) whose look-ups in duties, a
 * table of another source, name the patient.
 */
class CorrelatedLookUpTest {
    private static final String OF_REGION = "(SELECT d.ward FROM hr.public.duties d WHERE d.region = patients.region)";

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // filter, rows of the look-up, condition
                "ward IN %s | N 1; N 2; S 3; null 4; N null"
                        + " | ANY OF(AND(=($3, ?0), IN VALUES($4, ?1, ?2)), AND(=($3, ?3), IN VALUES($4, ?4)))",
                "ward IN %s | N 1 | AND(=($3, ?0), IN VALUES($4, ?1))",
                "ward IN %s | | false",
                // Under NOT a row that may or may not count makes the answer unknown, and the patient is not shown.
                "ward NOT IN %s | N 1; null 2"
                        + " | NOT(ANY OF(AND(IS TRUE(=(?0, $3)), =($4, ?1)), AND(IS TRUE(=(?2, $3)), =($4, ?3))))",
                "NOT ((ward IN %s) IS TRUE) | N 1; null 2" + " | NOT(IS TRUE(AND(=($3, ?0), IN VALUES($4, ?1))))",
                "ward > SOME %s | N 1; S 2" + " | ANY OF(AND(=(?0, $3), >($4, ?1)), AND(=(?2, $3), >($4, ?3)))",
                "id = 5 OR ward IN %s | N 1 | OR(=($0, 5), AND(=($3, ?0), IN VALUES($4, ?1)))",
                "id = 5 AND ward IN %s | N 1 | AND(=($0, 5), =($3, ?0), IN VALUES($4, ?1))",
            })
    void valuesOfThePatientsOwnRegionAreAskedFor(String where, @Nullable String rows, String condition) {
        assertThat(condition(where.formatted(OF_REGION), new Reader(rows))).isEqualTo(condition);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "SELECT DISTINCT d.ward FROM hr.public.duties d WHERE d.region = patients.region",
                "SELECT d.ward FROM hr.public.duties d WHERE d.region = patients.region GROUP BY d.ward",
                "SELECT d.ward FROM hr.public.duties d WHERE d.region = patients.region ORDER BY d.ward",
                "SELECT x.w FROM (SELECT d.ward AS w, d.region AS r FROM hr.public.duties d) x WHERE x.r = patients.region",
                "SELECT x.ward FROM (SELECT * FROM hr.public.duties d WHERE d.region = patients.region) x",
            })
    void whatDoesNotChangeTheSetOfValuesIsTakenOff(String query) {
        assertThat(condition("ward IN (" + query + ")", new Reader("N 1; N 2")))
                .isEqualTo("AND(=($3, ?0), IN VALUES($4, ?1, ?2))");
    }

    /** A condition on the looked-up row alone goes back into the look-up, though what names the patient stood below it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // filter, rows of the look-up, condition, the columns looked up and from what
                "ward IN (SELECT d.ward FROM hr.public.duties d WHERE d.region = patients.region GROUP BY d.ward"
                        + " HAVING d.ward = 3)"
                        + " | N 3; S 3 | ANY OF(AND(=($3, ?0), IN VALUES($4, ?1)), AND(=($3, ?2), IN VALUES($4, ?1)))"
                        + " | LogicalProject(v0=[$1], v1=[$2]) LogicalFilter(condition=[=($2, 3)])",
                "EXISTS (SELECT 1 FROM (SELECT * FROM hr.public.duties d WHERE d.ward = patients.ward) x"
                        + " WHERE x.region = 'N' AND x.person = 'A')"
                        + " | 3; 4 | IN VALUES($4, ?0, ?1)"
                        + " | LogicalProject(v0=[$2]) LogicalFilter(condition=[AND(=($1, 'N'), =($0, 'A'))])",
                "NOT EXISTS (SELECT 1 FROM (SELECT * FROM hr.public.duties d WHERE d.ward = patients.ward) x"
                        + " WHERE x.region = 'N')"
                        + " | 3 | NOT(IN VALUES($4, ?0))"
                        + " | LogicalProject(v0=[$2]) LogicalFilter(condition=[=($1, 'N')])",
            })
    void conditionsOfTheLookedUpRowAreComputedThere(String where, String rows, String condition, String query) {
        Reader reader = new Reader(rows);

        assertThat(condition(where, reader)).isEqualTo(condition);
        assertThat(Clinic.text(reader.queries.get(0)).replaceAll("\\s+", " ")).startsWith(query + " SourceScan(");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // condition of an EXISTS, rows of the look-up, condition
                "d.ward > 3 OR patients.id = 1 | true | true",
                "d.ward > 3 OR patients.id = 1 | false | =($0, 1)",
                "d.ward > 3 OR patients.id = 1 | | false",
                "d.ward + 1 = patients.ward | 4; 7 | IN VALUES($4, ?0, ?1)",
                "d.ward + patients.id = patients.ward | 4; 7 | ANY OF(=(+(?0, $0), $4), =(+(?1, $0), $4))",
                "d.ward <> patients.ward | 4 | <>(?0, $4)",
                "patients.id > 5 | true | >($0, 5)",
                "patients.id > 5 | | false",
                "patients.id = patients.ward | true | =($0, $4)",
                "d.ward = patients.ward AND patients.id = d.ward | 4; 7"
                        + " | ANY OF(AND(=($4, ?0), IN VALUES($0, ?0)), AND(=($4, ?1), IN VALUES($0, ?1)))",
                "d.ward = patients.ward AND d.ward > patients.id | 4 | AND(=(?0, $4), >(?0, $0))",
                "d.ward = patients.ward AND d.region = 'N' | 4 | IN VALUES($4, ?0)",
            })
    void whatNamesThePatientIsAskedOfThePatient(String on, @Nullable String rows, String condition) {
        assertThat(condition("EXISTS (SELECT 1 FROM hr.public.duties d WHERE " + on + ")", new Reader(rows)))
                .isEqualTo(condition);
    }

    @Test
    void whatNamesOnlyTheLookedUpRowStaysInTheLookUp() {
        Reader reader = new Reader("4");
        String own =
                "EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.ward = patients.ward AND d.ward > 1 AND d.region IN"
                        + " (SELECT e.region FROM hr.public.duties e WHERE e.person = d.person))";

        assertThat(condition(own, reader)).isEqualTo("IN VALUES($4, ?0)");
        assertThat(Clinic.text(reader.queries.get(0)))
                .startsWith("LogicalProject(v0=[$2])\n  LogicalFilter(condition=[AND(")
                .contains(">($2, 1)", "=($0, $cor");
        assertThat(((Filter) reader.queries.get(0).getInput(0)).getVariablesSet())
                .hasSize(1);
    }

    /** Within a sub-query over the table's own source a look-up may name that sub-query's row and the patient at once. */
    @Test
    void rowsOfEveryLevelKeepTheirNames() {
        String where = "EXISTS (SELECT 1 FROM crm.public.wards w WHERE EXISTS (SELECT 1 FROM hr.public.duties d"
                + " WHERE d.ward = patients.ward AND d.region = w.label))";

        assertThat(condition(where, new Reader("5 N; 5 S")))
                .contains("LogicalFilter(condition=[AND(=($cor0.ward, ?0), IN VALUES($1, ?1, ?2))])")
                .doesNotContain("duties");
    }

    @Test
    void combinationsOfKeysHaveALimit() {
        String where = "ward IN " + OF_REGION;
        List<List<@Nullable Object>> most = IntStream.range(0, LookUps.MAX_ALTERNATIVES)
                .<List<@Nullable Object>>mapToObj(i -> Arrays.asList("r" + i, i))
                .toList();
        List<List<@Nullable Object>> more = new ArrayList<>(most);
        more.add(Arrays.asList("r", 1));

        assertThat(condition(where, new Reader(most))).startsWith("ANY OF(AND(=($3, ?0), IN VALUES($4, ?1)), AND(");
        assertThatThrownBy(() -> condition(where, new Reader(more)))
                .hasMessageContaining("`crm.public.patients` depends on more than 1000 values");
        assertThatThrownBy(() -> condition("ward > SOME " + OF_REGION, new Reader(more)))
                .hasMessageContaining("depends on more than 1000 values");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "ward IN (SELECT d.ward FROM hr.public.duties d WHERE d.region = patients.region"
                        + " GROUP BY GROUPING SETS ((d.ward), ())) | below a join, an aggregate or a limit",
                "ward IN (SELECT d.ward FROM hr.public.duties d WHERE d.region = patients.region LIMIT 1)"
                        + " | below a join, an aggregate or a limit",
                "ward IN (SELECT d.ward FROM hr.public.duties d WHERE d.region = patients.region OFFSET 1)"
                        + " | below a join, an aggregate or a limit",
                "EXISTS (SELECT 1 FROM hr.public.duties d JOIN hr.public.duties e ON d.ward = e.ward AND e.region ="
                        + " patients.region) | below a join, an aggregate or a limit",
                "ward IN (SELECT SUM(d.ward) OVER () FROM hr.public.duties d WHERE d.region = patients.region)"
                        + " | below a join, an aggregate or a limit",
                "EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.share = patients.ward) | values of type `DOUBLE",
                "ward = (SELECT d.ward FROM hr.public.duties d WHERE d.region = patients.region)"
                        + " | names the row outside of IN and EXISTS",
            })
    void whatIsNotTheSameForOneRowAtATimeIsRefused(String where, String reason) {
        assertThatThrownBy(() -> condition(where, new Reader("N 1"))).hasMessageContaining(reason);
    }

    private String condition(String where, Reader reader) {
        Clinic clinic = new Clinic(
                directory,
                "row_filters:\n  - {name: f, tables: [\"crm.public.patients\"], where: \"" + where + "\"}\n");
        SealedScan seal = new LookUps(reader).bound(clinic.seal(Clinic.PATIENTS));
        return ((Filter) seal.governed().getInput(0)).getCondition().toString();
    }

    /** Answers every look-up with the same rows; equal values have equal parameters. */
    private static final class Reader implements LookUpReader {
        private final List<List<@Nullable Object>> rows;
        private final List<RelNode> queries = new ArrayList<>();
        private int parameters;

        Reader(List<List<@Nullable Object>> rows) {
            this.rows = rows;
        }

        /** Rows with semicolons between, their values with blanks between. */
        Reader(@Nullable String rows) {
            this(Arrays.stream(rows == null ? new String[0] : rows.split("; "))
                    .map(row -> Arrays.stream(row.split(" ")).map(Reader::value).toList())
                    .toList());
        }

        private static @Nullable Object value(String text) {
            return switch (text) {
                case "null" -> null;
                case "true", "false" -> Boolean.valueOf(text);
                default -> text.matches("\\d+") ? (Object) Integer.valueOf(text) : text;
            };
        }

        @Override
        public List<List<@Nullable Object>> rows(RelNode query, int limit) {
            queries.add(query);
            return rows;
        }

        @Override
        public int parameter(@Nullable Object value, RelDataType type) {
            return parameters++;
        }
    }
}
