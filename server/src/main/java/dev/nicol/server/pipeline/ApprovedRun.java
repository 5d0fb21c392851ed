package dev.nicol.server.pipeline;

import dev.nicol.policy.BoundValue;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.Subject;
import dev.nicol.server.approval.Approval;
import dev.nicol.server.approval.ApprovalRequest;
import dev.nicol.server.approval.Decisions;
import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.jspecify.annotations.Nullable;

/** {@code CALL nicol.run('id')}: the statement of an approved request, with its parameters, as if it were sent again. */
final class ApprovedRun {
    private static final String NAME = "nicol.run";

    private final Decisions decisions;
    private final KeptValues kept;

    ApprovedRun(Decisions decisions, BoundValue.KeyPads keys) {
        this.decisions = decisions;
        this.kept = new KeptValues(keys);
    }

    /** What is to be sent again, and with which default schema. */
    record Again(
            String sql,
            List<@Nullable Object> parameters,
            @Nullable String catalog,
            @Nullable String schema) {
        /** What the session does with it. */
        interface Sending<T> {
            T send(String sql, List<@Nullable Object> parameters);
        }

        /** Sends it; the session's own default schema is put back. */
        <T> T in(Session session, Sending<T> sending) {
            ParsedStatement.DefaultSchema own = session.defaultSchema();
            session.setDefaultSchema(catalog, schema);
            try {
                return sending.send(sql, parameters);
            } finally {
                session.setDefaultSchema(own.catalog(), own.schema());
            }
        }
    }

    /** What the call runs; null for every other statement. */
    @Nullable
    Again of(ParsedStatement parsed, Subject subject) {
        if (parsed.kind() != StatementKind.CALL) {
            return null;
        }
        SqlCall call = (SqlCall) ((SqlCall) parsed.node()).operand(0);
        if (!Commands.procedure(call).equals(NAME)) {
            return null;
        }
        List<String> arguments = Commands.arguments(call);
        if (arguments.size() != 1) {
            throw NicolError.SYNTAX.because("Write CALL nicol.run('request id').");
        }
        return again(decisions.runnable(arguments.get(0), subject));
    }

    Again again(Approval approval) {
        ApprovalRequest.Asked asked = approval.asked();
        String sealed = asked.sealedValues();
        if (KeptValues.NOT_KEPT.equals(sealed)) {
            throw NicolError.NOT_SUPPORTED.because("The text of request `" + approval.approvalId()
                    + "`, or a parameter of it, is of a kind that is not kept. Run the statement itself again, with the same"
                    + " parameters.");
        }
        List<@Nullable Object> parameters = sealed == null ? List.of() : kept.opened(sealed, approval.statementId());
        return new Again(asked.sql(), parameters, asked.defaultCatalog(), asked.defaultSchema());
    }
}
