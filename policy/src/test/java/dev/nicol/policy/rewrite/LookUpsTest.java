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
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystemImpl;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeName;
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
                "ward IN (SELECT SUM(CASE WHEN label IN (SELECT region FROM hr.public.duties) THEN id ELSE 0 END) OVER ()"
                        + " FROM crm.public.wards) | within a window function",
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

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // filter over the table's own source that looks up another within, and what is within it once bound
                "ward IN (SELECT id FROM crm.public.wards WHERE label IN (SELECT region FROM hr.public.duties))"
                        + " | LogicalFilter(condition=[IN VALUES($1, ?0)])",
                "ward IN (SELECT w.id FROM crm.public.wards w JOIN crm.public.wards v ON w.id = v.id AND v.label IN"
                        + " (SELECT region FROM hr.public.duties)) | joinType=[inner]",
                "ward IN (SELECT CASE WHEN label IN (SELECT region FROM hr.public.duties) THEN id ELSE 0 END"
                        + " FROM crm.public.wards) | CASE(IN VALUES($1, ?0), $0, 0)",
                "EXISTS (SELECT 1 FROM crm.public.wards w WHERE w.id = patients.ward AND w.label IN"
                        + " (SELECT region FROM hr.public.duties)) | LogicalFilter(condition=[AND(=($0, $cor0.ward), IN VALUES($1, ?0))])",
                "ward IN (SELECT MAX(id) FROM crm.public.wards WHERE label IN (SELECT region FROM hr.public.duties))"
                        + " | LogicalAggregate(group=[{}], EXPR$0=[MAX($0)])",
                "ward IN (SELECT SUM(id) OVER () FROM crm.public.wards WHERE label IN (SELECT region FROM hr.public.duties))"
                        + " | SUM($0) OVER ()",
                "NOT (ward IN (SELECT id FROM crm.public.wards WHERE label IN (SELECT region FROM hr.public.duties)))"
                        + " | NOT(IN($4, {",
            })
    void lookUpsWithinWhatTheSourceComputesAreBound(String where, String within) {
        Reader reader = new Reader(rows("N"));

        assertThat(condition(where, reader))
                .contains(within, "IN VALUES($", "?0")
                .doesNotContain("duties");
        assertThat(reader.values).containsExactly("N");
        assertThat(reader.queries).hasSize(1);
    }

    /** A row of the table's own source beside a looked-up one is read where both are known. */
    @Test
    void aJoinOfBothSourcesIsLookedUpWhole() {
        Reader reader = new Reader(rows("1"));

        assertThat(condition(
                        "ward IN (SELECT w.id FROM crm.public.wards w JOIN hr.public.duties d ON w.id = d.ward)",
                        reader))
                .isEqualTo("IN VALUES($4, ?0)");
        assertThat(Clinic.text(reader.queries.get(0))).contains("wards", "duties");
    }

    /** A sub-query beside it that names the row keeps its name; what the look-up named is gone. */
    @Test
    void theRowIsNamedAsLongAsASubQueryNamesIt() {
        Clinic clinic = new Clinic(
                directory,
                filter("ward IN (SELECT ward FROM hr.public.duties) AND EXISTS"
                        + " (SELECT 1 FROM crm.public.wards w WHERE w.id = patients.ward)"));
        SealedScan seal = new LookUps(new Reader(rows("1"))).bound(clinic.seal(Clinic.PATIENTS));
        SealedScan alone = new LookUps(new Reader(rows("1")))
                .bound(new Clinic(
                                directory,
                                filter("EXISTS (SELECT 1 FROM hr.public.duties d WHERE d.ward = patients.ward)"))
                        .seal(Clinic.PATIENTS));

        assertThat(seal.governed().getInput(0).getVariablesSet()).hasSize(1);
        assertThat(alone.governed().getInput(0).getVariablesSet()).isEmpty();
    }

    /** CHAR comes padded from its source and is compared without that; what other texts end with counts. */
    @Test
    void valuesOfCharLoseTheirPadding() {
        Reader padded = new Reader(List.of(List.of("A  "), List.of("  ")));
        Reader text = new Reader(List.of(List.of("A  ")));

        assertThat(condition("CAST(name AS CHAR(2)) IN (SELECT code FROM hr.public.duties)", padded))
                .isEqualTo("IN VALUES(CAST($1):CHAR(2), ?0, ?1)");
        assertThat(padded.values).containsExactly("A", "");
        assertThat(padded.types).extracting(RelDataType::toString).containsOnly("VARCHAR");
        assertThat(condition("name IN (SELECT person FROM hr.public.duties)", text))
                .isEqualTo("IN VALUES($1, ?0)");
        assertThat(text.values).containsExactly("A  ");
    }

    /** A list is unknown where the column or a value of it may be. */
    @ParameterizedTest
    @CsvSource({"ward, ward, 1, false", "region, region, N, true", "ward, ward, '1,null', true"})
    void aListCanBeUnknownWhereItsOperandsCan(String column, String value, String values, boolean nullable) {
        Clinic clinic = new Clinic(directory, filter(column + " IN (SELECT " + value + " FROM hr.public.duties)"));
        SealedScan seal = new LookUps(new Reader(rows(values))).bound(clinic.seal(Clinic.PATIENTS));
        RexNode list = ((Filter) seal.governed().getInput(0)).getCondition();

        assertThat(list.getType().isNullable()).isEqualTo(nullable);
        assertThat(list.getType().getSqlTypeName()).isEqualTo(SqlTypeName.BOOLEAN);
    }

    @Test
    void onlyAMissingValueIsOfANullableType() {
        Reader reader = new Reader(rows("N,null"));

        condition("region IN (SELECT region FROM hr.public.duties)", reader);
        assertThat(reader.types).extracting(RelDataType::isNullable).containsExactly(false, true);
    }

    @ParameterizedTest
    @CsvSource({
        "INTEGER, 0, true",
        "DECIMAL, 9, true",
        "BOOLEAN, 0, true",
        "CHAR, 3, true",
        "VARCHAR, 3, true",
        "DATE, 0, true",
        "UUID, 0, true",
        "UINTEGER, 0, true",
        "TIME, 3, true",
        "TIMESTAMP, 3, true",
        "TIMESTAMP_WITH_LOCAL_TIME_ZONE, 3, true",
        "TIME, 4, false",
        "TIMESTAMP, 6, false",
        "TIMESTAMP_WITH_LOCAL_TIME_ZONE, 6, false",
        "DOUBLE, 0, false",
        "REAL, 0, false",
        "VARBINARY, 3, false",
        "ANY, 0, false",
    })
    void valuesOfTypesThatAreTheSameEverywhereCanBeBound(SqlTypeName name, int precision, boolean same) {
        RelDataTypeFactory fine = new SqlTypeFactoryImpl(new RelDataTypeSystemImpl() {
            @Override
            public int getMaxPrecision(SqlTypeName type) {
                return SqlTypeName.DATETIME_TYPES.contains(type) ? 9 : super.getMaxPrecision(type);
            }
        });
        RelDataType type = precision == 0 ? fine.createSqlType(name) : fine.createSqlType(name, precision);
        LookUps.Binding binding = new LookUps(LookUpReader.NONE).new Binding(Clinic.PATIENTS);

        if (same) {
            assertThat(LookUp.comparable(binding, type)).isSameAs(type);
        } else {
            assertThatThrownBy(() -> LookUp.comparable(binding, type))
                    .hasMessageContaining("`crm.public.patients`")
                    .hasMessageContaining("are not the same everywhere");
        }
    }

    /** What checks and EXPLAIN use: nothing is read, and the shape is that of one value. */
    @Test
    void withoutAReaderALookUpIsOneUnknownValue() {
        Clinic clinic = new Clinic(directory, filter("(ward, region) IN (SELECT ward, region FROM hr.public.duties)"));
        SealedScan seal = new LookUps(LookUpReader.NONE).bound(clinic.seal(Clinic.PATIENTS));
        RelNode duties = clinic.rawPlan("SELECT ward, region FROM hr.public.duties");

        assertThat(LookUpReader.NONE.rows(duties, 1)).containsExactly(Arrays.asList(null, null));
        assertThat(LookUpReader.NONE.parameter("x", duties.getRowType())).isEqualTo(1_000_000_000);
        assertThat(((Filter) seal.governed().getInput(0)).getCondition().toString())
                .isEqualTo("AND(=($4, ?1000000000), =($3, ?1000000000))");
    }

    @Test
    void lookUpsInExpressionsOfStatementsAreBound() {
        Clinic clinic = new Clinic(directory, filter("ward IN (SELECT ward FROM hr.public.duties)"));
        Filter filter = (Filter) clinic.plan("SELECT 1 FROM crm.public.wards WHERE id NOT IN (SELECT ward FROM"
                        + " crm.public.patients) AND id < 9")
                .getInput(0);
        RexNode bound = new LookUps(new Reader(rows("4"))).bound(filter.getCondition());

        assertThat(bound).isInstanceOf(RexCall.class);
        List<SealedScan> seals = Seals.in(LogicalFilter.create(filter.getInput(), bound));
        assertThat(seals).hasSize(2).noneMatch(seal -> LookUps.needed((RelNode) seal));
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
        private final List<RelDataType> types = new ArrayList<>();

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
            types.add(type);
            return values.size() - 1;
        }
    }
}
