package dev.nicol.server.approval;

import dev.nicol.server.audit.ActTransaction;
import dev.nicol.server.audit.StoredText;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes the rows of a new request. */
final class Filing {
    private final ActTransaction transaction;
    private final String approvalId;
    private final ApprovalRequest request;

    Filing(ActTransaction transaction, String approvalId, ApprovalRequest request) {
        this.transaction = transaction;
        this.approvalId = approvalId;
        this.request = request;
    }

    void insert(String openKey) {
        ApprovalRequest.Requester requester = request.requester();
        ApprovalRequest.Shown shown = request.shown();
        transaction
                .handle()
                .createUpdate("INSERT INTO approval.requests (approval_id, state, requested_by, agent, requested_at,"
                        + " expires_at, sql_text, reason, plan, estimated_rows, rule, rules, statement_id,"
                        + " statement_kind, bound_values, counted_rows, lineage, purpose, job, model, client,"
                        + " policy_version) VALUES (:id, :state, :user, :agent, :now, :expires, :sql, :reason,"
                        + " :plan, :estimated, :rule, :rules, :statement, :kind, :values, :counted, :lineage, :purpose,"
                        + " :job, :model, :client, :policy)")
                .bind("id", approvalId)
                .bind("state", ApprovalState.PENDING.name())
                .bind("user", requester.userName())
                .bind("agent", requester.agent())
                .bind("now", ApprovalStore.utc(transaction.now()))
                .bind("expires", ApprovalStore.utc(request.expiresAt()))
                .bind("sql", StoredText.writable(request.asked().sql()))
                .bind("reason", StoredText.writable(request.reason()))
                .bind("plan", writable(shown.plan()))
                .bind("estimated", shown.estimatedRows())
                .bind("rule", request.rule())
                .bind(
                        "rules",
                        request.rules().stream()
                                .map(ApprovalRequest.Needed::rule)
                                .collect(Collectors.joining(", ")))
                .bind("statement", shown.statementId())
                .bind("kind", shown.kind())
                .bind("values", writable(shown.boundValues()))
                .bind("counted", shown.countedRows())
                .bind("lineage", writable(shown.lineage()))
                .bind("purpose", requester.purpose())
                .bind("job", requester.job())
                .bind("model", requester.model())
                .bind("client", requester.client())
                .bind("policy", request.policyVersion())
                .execute();
        transaction
                .handle()
                .execute(
                        "INSERT INTO internal.approval_bindings (approval_id, binding, sql_digest, parts, open_key,"
                                + " default_catalog, default_schema, sealed_values) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        approvalId,
                        request.binding().digest(),
                        request.binding().digest(Binding.Part.SQL),
                        request.binding().text(),
                        openKey,
                        request.asked().defaultCatalog(),
                        request.asked().defaultSchema(),
                        request.asked().sealedValues());
        for (ApprovalRequest.Needed rule : request.rules()) {
            transaction
                    .handle()
                    .execute(
                            "INSERT INTO approval.rules (approval_id, rule, approvers, approvals_needed)"
                                    + " VALUES (?, ?, ?, ?)",
                            approvalId,
                            rule.rule(),
                            rule.approvers(),
                            rule.approvals());
        }
    }

    private static @Nullable String writable(@Nullable String text) {
        return text == null ? null : StoredText.writable(text);
    }
}
