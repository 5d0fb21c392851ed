package dev.nicol.policy.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.BoundParameter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystem;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.Test;

class MasksTest {
    private static final RelDataTypeFactory TYPES = new SqlTypeFactoryImpl(RelDataTypeSystem.DEFAULT);
    private static final RexBuilder BUILDER = new RexBuilder(TYPES);

    @Test
    void theListHasEveryKindOnce() {
        assertThat(Masks.ALL)
                .extracting(MaskType::kind)
                .containsExactly(
                        "redact",
                        "partial",
                        "hash",
                        "tokenize",
                        "null",
                        "constant",
                        "bucket",
                        "date_part",
                        "redact_text",
                        "custom");
        assertThat(Masks.named("hash")).isPresent();
        assertThat(Masks.named("blur")).isEmpty();
    }

    @Test
    void redactKeepsNullsAndCutsNothing() {
        assertThat(masked(new Redact("***"), text(10)))
                .isEqualTo("CASE(IS NULL($0), null:VARCHAR(10), '***':VARCHAR(10)) VARCHAR(10)");
        assertThat(masked(new Redact("***"), text(2)))
                .isEqualTo("CASE(IS NULL($0), null:VARCHAR, '***':VARCHAR) VARCHAR");
        assertThat(masked(new Redact("***"), type(SqlTypeName.CHAR, 10)))
                .isEqualTo("CASE(IS NULL($0), null:VARCHAR, '***':VARCHAR) VARCHAR");
        assertThat(masked(new Redact("***"), type(SqlTypeName.CHAR, 3)))
                .isEqualTo("CASE(IS NULL($0), null:CHAR(3), '***') CHAR(3)");
        assertThat(masked(new Redact("***"), TYPES.createSqlType(SqlTypeName.VARCHAR)))
                .isEqualTo("'***':VARCHAR VARCHAR NOT NULL");
    }

    @Test
    void textIsUnicodeEverywhere() {
        RexNode masked =
                new Redact("秘密 🔒 ж").apply(BUILDER, BUILDER.makeInputRef(TYPES.createSqlType(SqlTypeName.VARCHAR), 0));

        assertThat(((RexLiteral) masked).getValueAs(String.class)).isEqualTo("秘密 🔒 ж");
        assertThat(masked.getType().getCharset().name()).isEqualTo("UTF-8");
    }

    @Test
    void partialKeepsTheTypeOfTextAndUnpadsChar() {
        assertThat(masked(new Partial(0, 4, "*"), text(11))).isEqualTo("NICOL_PARTIAL($0, 0, 4, '*') VARCHAR(11)");
        assertThat(masked(new Partial(1, 2, "#"), type(SqlTypeName.CHAR, 11)))
                .isEqualTo("NICOL_PARTIAL(CAST($0):VARCHAR, 1, 2, '#') VARCHAR");
    }

    @Test
    void hashHasRoomAndItsKeyIsBound() {
        RexCall call = (RexCall) new Hash().apply(BUILDER, BUILDER.makeInputRef(text(20), 0));

        assertThat(call.getOperator()).isSameAs(MaskFunctions.HASH);
        assertThat(call.getType().getFullTypeString()).isEqualTo("VARCHAR");
        assertThat(call.getOperands().get(0).toString()).isEqualTo("CAST($0):VARCHAR");
        List<Integer> pads = call.getOperands().subList(1, 3).stream()
                .map(pad -> ((RexDynamicParam) pad).getIndex())
                .toList();
        assertThat(pads).allMatch(BoundParameter::isBound).doesNotHaveDuplicates();
        assertThat(new Hash().apply(BUILDER, BUILDER.makeInputRef(text(64), 0)).getType())
                .isEqualTo(text(64));
        assertThat(new Hash().apply(BUILDER, BUILDER.makeInputRef(text(20), 0))).isEqualTo(call);
    }

    @Test
    void nullFitsEveryTypeAndTextMasksOnlyText() {
        RelDataType number = TYPES.createSqlType(SqlTypeName.INTEGER);

        assertThat(masked(new Nullify(), number)).isEqualTo("null:INTEGER INTEGER");
        assertThat(new Nullify().misfit(number)).isNull();
        for (Mask mask : List.of(new Redact("x"), new Partial(0, 4, "*"), new Hash())) {
            assertThat(mask.misfit(number)).contains("`" + mask.kind() + "`").contains("INTEGER");
            assertThat(mask.misfit(text(5))).isNull();
        }
    }

    @Test
    void parametersHaveDefaultsAndAreChecked() {
        assertThat(create("redact", Map.of())).isEqualTo(new Redact("***"));
        assertThat(create("partial", Map.of())).isEqualTo(new Partial(0, 4, "*"));
        assertThat(create("partial", Map.of("first", 2L, "last", 0L, "with", "🔒")))
                .isEqualTo(new Partial(2, 0, "🔒"));
        Map<String, Object> wrong = new HashMap<>();
        wrong.put("first", -1L);
        assertThatThrownBy(() -> create("partial", wrong)).hasMessageContaining("`first`");
        assertThatThrownBy(() -> create("partial", Map.of("with", "ab"))).hasMessageContaining("one character");
        assertThatThrownBy(() -> create("redact", Map.of("with", 5L))).hasMessageContaining("`with` must be text");
    }

    private static Mask create(String kind, Map<String, Object> parameters) {
        return Masks.named(kind).orElseThrow().create().from(parameters);
    }

    private static String masked(Mask mask, RelDataType type) {
        RexNode node = mask.apply(BUILDER, BUILDER.makeInputRef(type, 0));
        return node + " " + node.getType() + (node.getType().isNullable() ? "" : " NOT NULL");
    }

    private static RelDataType text(int length) {
        return type(SqlTypeName.VARCHAR, length);
    }

    private static RelDataType type(SqlTypeName name, int length) {
        return TYPES.createTypeWithNullability(TYPES.createSqlType(name, length), true);
    }
}
