package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import java.util.List;
import org.apache.calcite.jdbc.JavaTypeFactoryImpl;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.jspecify.annotations.Nullable;

/** What a client learns from preparing, and how its parameters are found. */
final class Preparation {
    private Preparation() {}

    static Prepared of(GovernedStatement governed) {
        ParsedStatement parsed = governed.parsed();
        RelDataTypeFactory types = governed.validated().space().cluster().getTypeFactory();
        RelDataType none = types.builder().build();
        ValidatedStatement.Checked checked = governed.validated().checked();
        RelDataType parameters = checked == null ? none : checked.parameterTypes();
        RelDataType row =
                switch (parsed.kind()) {
                    case SELECT -> ((Body.Query) governed.body()).rowType();
                    case EXPLAIN -> ExecuteStage.textRow(types, "PLAN");
                    case EXPLAIN_POLICY -> PolicyExplanation.rowType(types);
                    case CALL -> ExecuteStage.textRow(types, "result");
                    default -> none;
                };
        return new Prepared(parsed.sql(), parsed.kind(), row, parameters);
    }

    /** Of a statement that sends another one again: it has no parameters of its own. */
    static Prepared again(String sql, Prepared sent) {
        RelDataType none = new JavaTypeFactoryImpl().builder().build();
        return new Prepared(sql, sent.kind(), sent.rowType(), none);
    }

    static @Nullable Object parameter(List<@Nullable Object> given, int index) {
        if (index >= given.size()) {
            throw NicolError.DATA.because("Parameter " + (index + 1) + " has no value. Bind every ? before executing.");
        }
        return given.get(index);
    }
}
