package dev.nicol.policy.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexWindowBounds;
import org.apache.calcite.schema.AggregateFunction;
import org.apache.calcite.schema.FunctionParameter;
import org.apache.calcite.sql.SqlAggFunction;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.InferTypes;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.validate.SqlUserDefinedAggFunction;
import org.apache.calcite.util.Optionality;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A window over sealed rows computes what is known, and nothing that somebody else's code implements. */
class SealProofWindowsTest {
    @TempDir
    Path directory;

    @Test
    void anAggregateOfSomebodyElseIsRefusedInAWindowToo() {
        Clinic clinic = new Clinic(directory, "");
        RelNode wards = clinic.plan("SELECT * FROM crm.public.wards");
        RexBuilder rex = clinic.cluster.getRexBuilder();
        RexNode window = rex.makeOver(
                Clinic.TYPES.createSqlType(SqlTypeName.INTEGER),
                theirs(),
                List.of(rex.makeInputRef(wards, 0)),
                List.of(),
                ImmutableList.of(),
                RexWindowBounds.UNBOUNDED_PRECEDING,
                RexWindowBounds.UNBOUNDED_FOLLOWING,
                true,
                true,
                false,
                false,
                false);
        RelNode plan = LogicalProject.create(wards, List.of(), List.of(window), List.of("x"), Set.of());

        assertThatThrownBy(() -> clinic.prove(plan)).hasMessageContaining("it calls `THEIRS`, which is not understood");
    }

    /** A stored table is a leaf: nothing that walks a plan changes it. */
    @Test
    void aStoredTableIsCopiedAsItself() {
        Clinic clinic = new Clinic(directory, "");
        SourceScan wards = new SourceScan(clinic.cluster, clinic.stored(Clinic.WARDS));

        assertThat(wards.copy(wards.getTraitSet(), List.of())).isSameAs(wards);
    }

    private static SqlAggFunction theirs() {
        AggregateFunction function = new AggregateFunction() {
            @Override
            public List<FunctionParameter> getParameters() {
                return List.of();
            }

            @Override
            public RelDataType getReturnType(RelDataTypeFactory types) {
                return types.createSqlType(SqlTypeName.INTEGER);
            }
        };
        return new SqlUserDefinedAggFunction(
                new SqlIdentifier("THEIRS", SqlParserPos.ZERO),
                SqlKind.OTHER_FUNCTION,
                ReturnTypes.ARG0,
                InferTypes.FIRST_KNOWN,
                OperandTypes.operandMetadata(List.of(), factory -> List.of(), position -> "x", position -> false),
                function,
                false,
                false,
                Optionality.FORBIDDEN);
    }
}
