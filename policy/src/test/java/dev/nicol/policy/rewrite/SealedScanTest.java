package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.Decision;
import dev.nicol.policy.mask.Nullify;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalValues;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.schema.Statistics;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.dialect.AnsiSqlDialect;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.pretty.SqlPrettyWriter;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql2rel.InitializerContext;
import org.apache.calcite.sql2rel.InitializerExpressionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a seal says of itself, and what stands in for it. */
class SealedScanTest {
    private static final String VIEW_RULES = """
            row_filters:
              - {name: south, tables: ["crm.public.patients"], where: "ward IN (SELECT ward FROM hr.public.duties)"}
            """;

    private static final String VIEW_FILTER =
            "  - {name: known, tables: [\"virtual.v.regions\"], where: \"region IS NOT NULL\"}\n";

    @TempDir
    Path directory;

    /** Calcite's guess: 100 rows of a table, of which an equality leaves 15. */
    @Test
    void aSealHasAsManyRowsAsItsFilterLeaves() {
        SealedScan all = new Clinic(directory, "").seal(Clinic.WARDS);
        SealedScan some = new Clinic(
                        directory,
                        "row_filters:\n  - {name: f, tables: [\"crm.public.wards\"], where: \"label = 'x'\"}\n")
                .seal(Clinic.WARDS);

        assertThat(all.estimateRowCount(all.getCluster().getMetadataQuery())).isEqualTo(100.0);
        assertThat(some.estimateRowCount(some.getCluster().getMetadataQuery())).isEqualTo(15.0);
    }

    @Test
    void columnsAreCountedAsTheyAreShown() {
        Clinic clinic = new Clinic(directory, "");
        Decision open = clinic.decision(Clinic.PATIENTS);
        List<Decision.Column> columns = new ArrayList<>(open.columns());
        columns.set(0, new Decision.Column("id", true, null, null, "", List.of()));
        columns.set(
                2, new Decision.Column("ssn", false, new Nullify(), "m", "", List.of(), List.of("look"), List.of()));
        columns.set(3, new Decision.Column("region", false, new Nullify(), "m", "", List.of()));
        Decision decision =
                new Decision(open.table(), open.actions(), columns, List.of(), open.rules(), open.validUntil());
        SealedScan seal =
                clinic.sealer.seal(clinic.cluster, clinic.stored(Clinic.PATIENTS), decision, clinic.fingerprint);

        assertThat(List.of(seal.storedColumn(0), seal.storedColumn(1), seal.storedColumn(2), seal.storedColumn(3)))
                .containsExactly(1, -1, -1, 4);
        assertThat(List.of(seal.filterableColumn(0), seal.filterableColumn(1), seal.filterableColumn(2)))
                .containsExactly(-1, 2, -1);
        assertThatCode(() -> clinic.prove(seal.letThrough(List.of(isNull(seal, 1), isNull(seal, 3)))))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> clinic.prove(seal.letThrough(List.of(isNull(seal, 2)))))
                .hasMessageContaining("a predicate crossed its seal that may not");
        assertThat(seal.storedColumn(6)).isEqualTo(7);
        assertThatThrownBy(() -> seal.storedColumn(7)).hasMessageContaining("no output column 7");
        assertThatThrownBy(() -> seal.filterableColumn(7)).hasMessageContaining("no output column 7");
    }

    /** Look-ups in what a view reads are bound below the view's own filter and masks, which stay. */
    @Test
    void aViewsSealKeepsItsRulesOverABoundPlan() {
        for (String filter : List.of("", VIEW_FILTER)) {
            SealedScan view = new Clinic(directory, VIEW_RULES + filter).view();
            SealedScan bound = new LookUps(LookUpReader.NONE).bound(view);

            assertThat(Clinic.text(bound.governed())).isEqualTo(Clinic.text(view.governed()));
            assertThat(bound.decision()).isSameAs(view.decision());
            assertThat(bound.fingerprint()).isEqualTo(view.fingerprint());
            assertThat(Clinic.text(Seals.in(bound).get(1).governed())).contains("IN VALUES($4, ?1000000000)");
        }
    }

    /** Where the planner found that a seal is empty, there is no view in it. */
    @Test
    void aSealOfNothingIsOfNoView() {
        Clinic clinic = new Clinic(directory, "");
        SealedScan seal = clinic.seal(Clinic.WARDS);
        RelNode nothing = LogicalValues.createEmpty(clinic.cluster, seal.getRowType());

        assertThat(seal.withGoverned(nothing).ofView()).isFalse();
        assertThat(seal.withGoverned(nothing).governed()).isSameAs(nothing);
    }

    @Test
    void whatIsBoundIsNotLookedUpAgain() {
        Clinic clinic = new Clinic(directory, VIEW_RULES);
        SealedScan seal = clinic.seal(Clinic.PATIENTS);
        RexNode isNull = isNull(seal, 0);
        SealedScan bound = new LookUps(LookUpReader.NONE).bound(seal.letThrough(List.of(isNull)));

        assertThat(LookUps.needed(seal)).isTrue();
        assertThat(LookUps.needed(bound)).isFalse();
        assertThat(bound.crossing()).containsExactly(isNull);
        assertThat(new LookUps(LookUpReader.NONE).bound(bound)).isSameAs(bound);
    }

    /** What an INSERT leaves out is NULL in the plan and left out of the source's INSERT. */
    @Test
    void aColumnThatIsLeftOutIsAPlaceholder() {
        Clinic clinic = new Clinic(directory, "");
        RelOptTable wards = clinic.governedTable(Clinic.WARDS);
        GovernedTable table = wards.unwrap(GovernedTable.class);
        InitializerExpressionFactory defaults = table.unwrap(InitializerExpressionFactory.class);
        InitializerContext context = new InitializerContext() {
            @Override
            public RexBuilder getRexBuilder() {
                return clinic.cluster.getRexBuilder();
            }

            @Override
            public SqlNode validateExpression(RelDataType row, SqlNode expression) {
                throw new IllegalStateException("there are no expressions");
            }

            @Override
            public RexNode convertExpression(SqlNode expression) {
                throw new IllegalStateException("there are no expressions");
            }
        };
        RexNode placeholder = defaults.newColumnDefaultValue(wards, 1, context);

        assertThat(RexLiteral.isNullLiteral(placeholder)).isTrue();
        assertThat(placeholder.getType().getSqlTypeName()).isEqualTo(SqlTypeName.VARCHAR);
        assertThat(table.unwrap(GovernedTable.class)).isSameAs(table);
        assertThat(table.unwrap(String.class)).isNull();
        assertThat(table.getStatistic()).isSameAs(Statistics.UNKNOWN);
    }

    @Test
    void listsAndAlternativesAreWrittenAsEverySourceReadsThem() {
        SqlNode column = new SqlIdentifier("ward", SqlParserPos.ZERO);
        SqlNode one = SqlLiteral.createExactNumeric("1", SqlParserPos.ZERO);
        SqlNode two = SqlLiteral.createExactNumeric("2", SqlParserPos.ZERO);
        SqlNode sum = SqlStdOperatorTable.PLUS.createCall(SqlParserPos.ZERO, column, one);
        SqlNode isOne = SqlStdOperatorTable.EQUALS.createCall(SqlParserPos.ZERO, column, one);
        SqlNode isTwo = SqlStdOperatorTable.EQUALS.createCall(SqlParserPos.ZERO, column, two);
        SqlNode either = SqlStdOperatorTable.OR.createCall(SqlParserPos.ZERO, isOne, isTwo);

        assertThat(sql(ValueList.IN.createCall(SqlParserPos.ZERO, column, one))).isEqualTo("`ward` IN (1)");
        assertThat(sql(ValueList.IN.createCall(SqlParserPos.ZERO, sum, one, two)))
                .isEqualTo("`ward` + 1 IN (1, 2)");
        assertThat(sql(ValueList.IN.createCall(SqlParserPos.ZERO, either, one)))
                .isEqualTo("(`ward` = 1 OR `ward` = 2) IN (1)");
        assertThat(sql(Alternatives.ANY.createCall(SqlParserPos.ZERO, isOne, isTwo, isOne)))
                .isEqualTo("(`ward` = 1 OR `ward` = 2 OR `ward` = 1)");
        assertThat(sql(SqlStdOperatorTable.NOT.createCall(
                        SqlParserPos.ZERO, Alternatives.ANY.createCall(SqlParserPos.ZERO, isOne, isTwo))))
                .isEqualTo("NOT (`ward` = 1 OR `ward` = 2)");
    }

    @Test
    void alternativesThatAreKnownAreFolded() {
        Clinic clinic = new Clinic(directory, "");
        RexBuilder rex = clinic.cluster.getRexBuilder();
        RexNode isNull = rex.makeCall(SqlStdOperatorTable.IS_NULL, rex.makeInputRef(clinic.seal(Clinic.WARDS), 1));
        RexNode yes = rex.makeLiteral(true);
        RexNode no = rex.makeLiteral(false);

        assertThat(Alternatives.any(rex, List.of()).toString()).isEqualTo("false");
        assertThat(Alternatives.any(rex, List.of(no, isNull, no))).isSameAs(isNull);
        assertThat(Alternatives.any(rex, List.of(isNull, yes, no)).toString()).isEqualTo("true");
        assertThat(Alternatives.any(rex, List.of(isNull, no, isNull)).toString())
                .isEqualTo("ANY OF(IS NULL($1), IS NULL($1))");
        assertThat(Alternatives.all(rex, List.of()).toString()).isEqualTo("true");
        assertThat(Alternatives.all(rex, List.of(isNull, no)).toString()).isEqualTo("false");
    }

    private static RexNode isNull(SealedScan seal, int column) {
        RexBuilder rex = seal.getCluster().getRexBuilder();
        return rex.makeCall(SqlStdOperatorTable.IS_NULL, rex.makeInputRef(seal, column));
    }

    private static String sql(SqlNode node) {
        SqlPrettyWriter writer = new SqlPrettyWriter(SqlPrettyWriter.config().withDialect(AnsiSqlDialect.DEFAULT));
        SqlWriter.Frame where = writer.startList("", "");
        node.unparse(writer, 0, 0);
        writer.endList(where);
        return writer.toString().replaceAll("\\s+", " ");
    }
}
