package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.Crossing;
import dev.nicol.policy.rewrite.SealProof;
import dev.nicol.policy.rewrite.Sealer;
import dev.nicol.server.catalog.CatalogScan;
import dev.nicol.server.catalog.VirtualSchemas;
import java.util.List;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.ddl.SqlCreateTable;
import org.apache.calcite.sql.ddl.SqlDropObject;
import dev.nicol.server.parser.AlterTable;
import dev.nicol.server.parser.TruncateTable;

/** Stage 3. A validated tree becomes a plan whose every leaf is sealed, and the proof of that. */
final class ConvertStage {
    GovernedStatement convert(ValidatedStatement validated) {
        try {
            Body body = body(validated);
            prove(body, validated.catalog().version().fingerprint());
            return new GovernedStatement(validated, body);
        } catch (RuntimeException | Error failure) {
            throw Refusals.of(failure, validated.catalog());
        }
    }

    private static Body body(ValidatedStatement validated) {
        return switch (validated.parsed().kind()) {
            case SELECT -> query(validated);
            case EXPLAIN -> explanation(validated);
            case INSERT -> new WriteConversion(validated).insert();
            case UPDATE -> new WriteConversion(validated).update();
            case DELETE -> new WriteConversion(validated).delete();
            case CREATE_TABLE, DROP_TABLE, ALTER_TABLE, TRUNCATE -> definition(validated);
            case EXPLAIN_POLICY -> throw NicolError.NOT_SUPPORTED.because(
                    "EXPLAIN POLICY is not supported yet. nicol.audit.column_access shows what applied to a statement.");
            default -> new Body.Command(validated.parsed().node());
        };
    }

    private static Body.Query query(ValidatedStatement validated) {
        ValidatedStatement.Checked checked = validated.checked();
        RelRoot root =
                validated.space().converter(checked.validator()).convertQuery(checked.node(), false, true);
        RelNode plan = Crossing.apply(Sealer.bound(root.project()));
        return new Body.Query(plan, root.collation, checked.rowType());
    }

    private static Body explanation(ValidatedStatement validated) {
        if (validated.checked() == null || StatementParser.kind(validated.checked().node()) != StatementKind.SELECT) {
            throw NicolError.NOT_SUPPORTED.because("EXPLAIN shows the plan of a SELECT only.");
        }
        return new Body.Explanation(query(validated));
    }

    private static Body definition(ValidatedStatement validated) {
        SqlNode node = validated.parsed().node();
        SqlIdentifier name;
        if (node instanceof SqlCreateTable create) {
            name = create.name;
        } else if (node instanceof SqlDropObject drop) {
            name = drop.name;
        } else if (node instanceof TruncateTable truncate) {
            name = truncate.table();
        } else if (node instanceof AlterTable alter) {
            name = alter.table();
        } else {
            throw NicolError.NOT_SUPPORTED.because("This definition is not supported.");
        }
        TableName target = fullName(name.names, validated);
        if (target.catalog().equals(VirtualSchemas.CATALOG) || target.catalog().equals("nicol")) {
            throw NicolError.NOT_SUPPORTED.because("Tables live at sources; `" + target.catalog()
                    + "` holds none of its own. Name a source: source.schema.table.");
        }
        Body.Query query = node instanceof SqlCreateTable && validated.checked() != null ? query(validated) : null;
        return new Body.Definition(target, node, query);
    }

    /** A name of one to three parts, completed from the session's default schema. */
    static TableName fullName(List<String> names, ValidatedStatement validated) {
        Session session = validated.parsed().session();
        if (names.size() == 3) {
            return TableName.of(names);
        }
        if (names.size() == 2 && session.defaultCatalog() != null) {
            return new TableName(session.defaultCatalog(), names.get(0), names.get(1));
        }
        if (names.size() == 1 && session.defaultCatalog() != null && session.defaultSchema() != null) {
            return new TableName(session.defaultCatalog(), session.defaultSchema(), names.get(0));
        }
        throw NicolError.UNKNOWN_TABLE.because("`" + String.join(".", names)
                + "` does not name a table fully. Write source.schema.table, or SET schema = 'source.schema'.");
    }

    private static void prove(Body body, String fingerprint) {
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
