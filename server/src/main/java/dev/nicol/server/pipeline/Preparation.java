package dev.nicol.server.pipeline;

import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.Subject;
import java.util.List;
import java.util.function.IntFunction;
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
                    case CALL, CREATE_TOKEN -> ExecuteStage.textRow(types, column(parsed.kind()));
                    default -> none;
                };
        return new Prepared(parsed.sql(), parsed.kind(), row, parameters);
    }

    /** The column that a command's answer is in. */
    static String column(StatementKind command) {
        return command == StatementKind.CREATE_TOKEN ? "token" : "result";
    }

    /** Of a statement that sends another one again: it has no parameters of its own. */
    static Prepared again(String sql, Prepared sent) {
        RelDataType none = new JavaTypeFactoryImpl().builder().build();
        return new Prepared(sql, sent.kind(), sent.rowType(), none);
    }

    /** The values of one execution by their indexes: its own parameters', and those that policies take from its subject. */
    static IntFunction<@Nullable Object> values(
            List<@Nullable Object> parameters, Subject subject, BoundValue.KeyPads keys) {
        return index -> BoundParameter.isBound(index)
                ? BoundParameter.resolve(index, subject, keys)
                : parameter(parameters, index);
    }

    private static @Nullable Object parameter(List<@Nullable Object> given, int index) {
        if (index >= given.size()) {
            throw NicolError.DATA.because("Parameter " + (index + 1) + " has no value. Bind every ? before executing.");
        }
        return given.get(index);
    }
}
