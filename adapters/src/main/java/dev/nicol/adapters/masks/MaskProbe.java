package dev.nicol.adapters.masks;

import com.google.common.collect.ImmutableList;
import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.execution.MaskValues;
import dev.nicol.adapters.federation.FederatedPlanner;
import dev.nicol.adapters.sql.Pushdown;
import dev.nicol.policy.mask.Mask;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.calcite.plan.ConventionTraitDef;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.volcano.VolcanoPlanner;
import org.apache.calcite.rel.RelCollationTraitDef;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalValues;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeFamily;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.util.DateString;
import org.apache.calcite.util.TimestampString;
import org.jspecify.annotations.Nullable;

/**
 * Known values with masks over them, as a plan for the engine and for a source. The first column numbers the rows; then
 * comes one for each mask and each type that it fits.
 */
final class MaskProbe {
    private static final int LONG_TEXT = 100;

    private static final List<String> TEXTS = List.of(
            "",
            "a",
            "😀",
            "e\u0301te\u0301 ñ Ж 日本語",
            "\\",
            "it's \\' \"quoted\" `too`",
            "100%_",
            "👍🏽👨‍👩‍👧 $1 {0} ?",
            "line\nfeed\ttab",
            " blanks  ",
            "123-45-6789",
            "x😀".repeat(LONG_TEXT));

    private static final List<Long> INTEGERS = List.of(
            0L, 1L, -1L, 9L, -10L, 32767L, -32768L, 2147483647L, -2147483648L, Long.MAX_VALUE, Long.MIN_VALUE, 99999L);

    private static final List<String> DECIMALS = List.of(
            "0",
            "0.0001",
            "-0.0001",
            "12.5",
            "-12.5",
            "9999999999999999.9999",
            "-9999999999999999.9999",
            "1000",
            "-1000");

    private static final List<String> DOUBLES =
            List.of("0", "0.5", "-0.5", "7.5", "-1234.5678", "1e15", "-1e15", "1e300", "-1e300", "3e-300");

    private static final List<String> DATES = List.of(
            "1970-01-01",
            "1969-12-31",
            "1969-05-17",
            "2024-02-29",
            "1900-03-31",
            "1582-10-15",
            "1000-08-09",
            "9999-12-31",
            "2000-10-01");

    private final List<Mask> masks;
    private final List<String> texts;
    private final RelOptCluster cluster;
    private final RexBuilder rex;
    private final RelNode values;
    private final List<Column> columns = new ArrayList<>();

    /** One mask over one type of value. */
    record Column(Mask mask, RelDataType type, RexNode expression) {}

    /** @param ascii leaves all other characters out of the texts */
    MaskProbe(Collection<Mask> masks, boolean ascii) {
        VolcanoPlanner planner = new VolcanoPlanner();
        planner.addRelTraitDef(ConventionTraitDef.INSTANCE);
        planner.addRelTraitDef(RelCollationTraitDef.INSTANCE);
        FederatedPlanner.register(planner);
        this.rex = new RexBuilder(NicolTypeSystem.factory());
        this.cluster = RelOptCluster.create(planner, rex);
        this.masks = List.copyOf(masks);
        this.texts = ascii
                ? TEXTS.stream()
                        .map(text -> text.replaceAll("[^\\x00-\\x7f]", ""))
                        .toList()
                : TEXTS;
        this.values = values();
        for (Mask mask : this.masks) {
            for (int i = 1; i < values.getRowType().getFieldCount(); i++) {
                RexNode value = RexInputRef.of(i, values.getRowType());
                if (mask.misfit(value.getType()) == null) {
                    columns.add(new Column(mask, value.getType(), mask.apply(rex, value)));
                }
            }
        }
    }

    /** Those that a source computes, or all. */
    List<Column> columns(@Nullable SourceAdapter adapter) {
        return columns.stream()
                .filter(column -> adapter == null || Pushdown.computes(adapter, column.expression()))
                .toList();
    }

    /** The masks over the known values, each row's number in front. */
    RelNode plan(List<Column> asked, boolean engine) {
        List<RexNode> fields = new ArrayList<>(List.of(RexInputRef.of(0, values.getRowType())));
        for (Column column : asked) {
            fields.add(engine ? MaskValues.computable(rex, column.expression()) : column.expression());
        }
        List<String> names =
                IntStream.range(0, fields.size()).mapToObj(i -> "m" + i).toList();
        return LogicalProject.create(values, List.of(), fields, names, Set.of());
    }

    private RelNode values() {
        List<RelDataType> types = List.of(
                type(SqlTypeName.VARCHAR),
                type(SqlTypeName.SMALLINT),
                type(SqlTypeName.INTEGER),
                type(SqlTypeName.BIGINT),
                rex.getTypeFactory().createSqlType(SqlTypeName.DECIMAL, 20, 4),
                type(SqlTypeName.DOUBLE),
                type(SqlTypeName.DATE),
                rex.getTypeFactory().createSqlType(SqlTypeName.TIMESTAMP, 6));
        List<List<RexLiteral>> rows = new ArrayList<>();
        for (int row = 0; row <= TEXTS.size(); row++) {
            List<RexLiteral> literals = new ArrayList<>();
            literals.add(rex.makeExactLiteral(BigDecimal.valueOf(row)));
            for (RelDataType type : types) {
                // The last row is all NULL: the types of the others tell a source what it is.
                literals.add(row == TEXTS.size() ? rex.makeNullLiteral(type) : literal(type, row));
            }
            rows.add(literals);
        }
        RelDataTypeFactory.Builder written = rex.getTypeFactory().builder();
        written.add("n", type(SqlTypeName.INTEGER));
        for (int i = 0; i < types.size(); i++) {
            written.add("v" + i, nullable(types.get(i)));
        }
        RelNode literals = LogicalValues.create(cluster, written.build(), rows(rows));
        List<RexNode> typed = new ArrayList<>();
        for (RexNode field : rex.identityProjects(literals.getRowType())) {
            // A source takes the least BIGINT for a decimal.
            boolean number = field.getType().getSqlTypeName().getFamily() == SqlTypeFamily.NUMERIC;
            typed.add(number ? rex.makeAbstractCast(field.getType(), field, false) : field);
        }
        return LogicalProject.create(
                literals, List.of(), typed, literals.getRowType().getFieldNames(), Set.of());
    }

    private RexLiteral literal(RelDataType type, int row) {
        return switch (type.getSqlTypeName()) {
            case VARCHAR -> (RexLiteral) rex.makeLiteral(texts.get(row), type, false);
            case DECIMAL -> rex.makeExactLiteral(new BigDecimal(at(DECIMALS, row)).setScale(type.getScale()), type);
            case DOUBLE -> rex.makeApproxLiteral(new BigDecimal(at(DOUBLES, row)), type);
            case DATE -> rex.makeDateLiteral(new DateString(at(DATES, row)));
            case TIMESTAMP ->
                rex.makeTimestampLiteral(
                        new TimestampString(at(DATES, row) + " 23:59:59." + (row + 1) + "23456"), type.getPrecision());
            case SMALLINT -> rex.makeExactLiteral(BigDecimal.valueOf((short) (long) at(INTEGERS, row)), type);
            case INTEGER -> rex.makeExactLiteral(BigDecimal.valueOf((int) (long) at(INTEGERS, row)), type);
            default -> rex.makeExactLiteral(BigDecimal.valueOf(at(INTEGERS, row)), type);
        };
    }

    private static ImmutableList<ImmutableList<RexLiteral>> rows(List<List<RexLiteral>> rows) {
        return rows.stream().map(ImmutableList::copyOf).collect(ImmutableList.toImmutableList());
    }

    private static <T> T at(List<T> values, int row) {
        return values.get(row % values.size());
    }

    private RelDataType type(SqlTypeName name) {
        return rex.getTypeFactory().createSqlType(name);
    }

    private RelDataType nullable(RelDataType type) {
        return rex.getTypeFactory().createTypeWithNullability(type, true);
    }
}
