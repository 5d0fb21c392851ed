package dev.nicol.server.pipeline;

import dev.nicol.policy.Action;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.rewrite.Crossing;
import dev.nicol.policy.rewrite.RawConditions;
import dev.nicol.policy.rewrite.RawJoins;
import dev.nicol.policy.rewrite.SealProof;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Sealer;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.catalog.CatalogScan;
import java.util.List;
import java.util.Objects;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;

/** Stage 3. A validated tree becomes a plan whose every leaf is sealed, and the proof of that. */
final class ConvertStage {
    GovernedStatement convert(ValidatedStatement validated) {
        try {
            Body body = body(validated);
            permitReads(body);
            prove(body, validated.catalog().version().fingerprint());
            return new GovernedStatement(validated, body);
        } catch (RuntimeException | Error failure) {
            throw Refusals.of(failure, validated.catalog(), validated.parsed().sql());
        }
    }

    /** Not proven yet. */
    static Body body(ValidatedStatement validated) {
        return switch (validated.parsed().kind()) {
            case SELECT -> query(validated);
            case EXPLAIN -> explanation(validated);
            case INSERT -> new WriteConversion(validated).insert();
            case UPDATE -> new WriteConversion(validated).update();
            case DELETE -> new WriteConversion(validated).delete();
            case FILL_MATERIALIZED_VIEW -> new FillConversion(validated).insert();
            case CREATE_TABLE, DROP_TABLE, ALTER_TABLE, TRUNCATE -> new DefinitionConversion(validated).definition();
            case EXPLAIN_POLICY -> {
                ValidatedStatement.Explained explained = Objects.requireNonNull(validated.explained());
                yield new Body.PolicyQuestion(new ConvertStage().convert(explained.statement()), explained.subject());
            }
            case CREATE_VIEW -> new Body.Command(validated.parsed().node(), query(validated));
            default -> new Body.Command(validated.parsed().node(), null);
        };
    }

    static Body.Query query(ValidatedStatement validated) {
        ValidatedStatement.Checked checked = validated.checked();
        RelRoot root = validated.space().converter(checked.validator()).convertQuery(checked.node(), false, true);
        RelNode plan = Crossing.apply(RawJoins.apply(RawConditions.apply(Sealer.bound(root.project()))));
        return new Body.Query(plan, checked.rowType());
    }

    private static Body explanation(ValidatedStatement validated) {
        if (validated.checked() == null
                || StatementParser.kind(validated.checked().node()) != StatementKind.SELECT) {
            throw NicolError.NOT_SUPPORTED.because("EXPLAIN shows the plan of a SELECT only.");
        }
        return new Body.Explanation(query(validated));
    }

    /** A grant to write alone shows nothing: what is read needs SELECT. */
    private static void permitReads(Body body) {
        for (RelNode plan : plans(body)) {
            for (SealedScan scan : Seals.in(plan)) {
                boolean onlyWritten =
                        body instanceof Body.Change change && scan == change.scan() && !change.readsTarget();
                if (!onlyWritten && !scan.decision().allows(Action.SELECT)) {
                    throw NicolError.NOT_PERMITTED.because("You may not SELECT from `"
                            + scan.decision().table() + "`, and this statement reads it. Ask a steward for a grant.");
                }
            }
        }
    }

    /** Nothing but sealed tables of the policy in force. */
    static void prove(Body body, String fingerprint) {
        if (body instanceof Body.Query query
                && query.plan().getRowType().getFieldCount() > query.rowType().getFieldCount()) {
            SealProof.proveCarrying(
                    query.plan(), query.rowType().getFieldCount(), fingerprint, CatalogScan.class::isInstance);
            return;
        }
        for (RelNode plan : plans(body)) {
            SealProof.prove(plan, fingerprint, CatalogScan.class::isInstance);
        }
    }

    /** Every plan a statement runs or is derived from. */
    static List<RelNode> plans(Body body) {
        if (body instanceof Body.Query query) {
            return List.of(query.plan());
        } else if (body instanceof Body.Explanation explanation) {
            return List.of(explanation.query().plan());
        } else if (body instanceof Body.Insert insert) {
            return List.of(insert.input());
        } else if (body instanceof Body.Change change) {
            return List.of(change.read());
        } else if (body instanceof Body.Definition definition && definition.query() != null) {
            return List.of(definition.query().plan());
        }
        return List.of();
    }
}
