package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.Catalogs;
import dev.nicol.server.catalog.GovernedCatalog;
import dev.nicol.server.catalog.PlanningSpace;
import dev.nicol.server.parser.CreateMaterializedView;
import dev.nicol.server.parser.ExplainPolicy;
import dev.nicol.server.pipeline.ValidatedStatement.Checked;
import java.util.function.Function;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlExplain;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlInsert;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.ddl.SqlCreateTable;
import org.apache.calcite.sql.ddl.SqlCreateView;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.SqlValidatorTable;
import org.jspecify.annotations.Nullable;

/** Stage 2. Looks every name up in the subject's own catalogue: what is denied does not exist there. */
final class ValidateStage {
    private final Catalogs catalogs;
    private final Function<String, Subject> subjects;

    /** @param subjects the subject of that name, as after a login that states nothing */
    ValidateStage(Catalogs catalogs, Function<String, Subject> subjects) {
        this.catalogs = catalogs;
        this.subjects = subjects;
    }

    ValidatedStatement validate(ParsedStatement parsed, Subject subject) {
        if (parsed.node() instanceof ExplainPolicy explain) {
            return explained(parsed, explain, subject);
        }
        GovernedCatalog catalog = catalogs.of(subject);
        PlanningSpace space = space(catalog, parsed);
        SqlNode relational = relational(parsed.node());
        Checked checked = relational == null ? null : check(space, catalog, relational, parsed.sql());
        return new ValidatedStatement(parsed, catalog, space, checked, null);
    }

    /** A view's names are looked up where it stands, as they are whenever it is read: it knows nobody's default schema. */
    private static PlanningSpace space(GovernedCatalog catalog, ParsedStatement parsed) {
        SqlCreateView create = CreateMaterializedView.viewOf(parsed.node());
        if (create != null && create.name.names.size() == 3) {
            return catalog.space(create.name.names.get(0), create.name.names.get(1));
        }
        return catalog.space(parsed.within().catalog(), parsed.within().schema());
    }

    /** What somebody else may do is for auditors and stewards to ask. */
    private ValidatedStatement explained(ParsedStatement parsed, ExplainPolicy explain, Subject asking) {
        String name = explain.user();
        if (name != null && !name.equals(asking.userName()) && !PolicyExplanation.showsRules(asking)) {
            throw NicolError.NOT_PERMITTED.because(
                    "EXPLAIN POLICY … AS USER is for auditors and stewards. Leave AS USER out to ask for yourself.");
        }
        Subject of = name == null || name.equals(asking.userName()) ? asking : subjects.apply(name);
        SqlNode statement = explain.statement();
        ParsedStatement.DefaultSchema within = parsed.within();
        SqlCreateView create = CreateMaterializedView.viewOf(statement);
        if (create != null) {
            // what its query reads is what there is to tell
            statement = create.query;
            if (create.name.names.size() == 3) {
                within = new ParsedStatement.DefaultSchema(create.name.names.get(0), create.name.names.get(1));
            }
        }
        ValidatedStatement inner = validatedFor(
                new ParsedStatement(parsed.sql(), within, statement, StatementParser.kind(statement)),
                of,
                of.equals(asking) ? null : name);
        return new ValidatedStatement(
                parsed, inner.catalog(), inner.space(), inner.checked(), new ValidatedStatement.Explained(inner, of));
    }

    /**
     * What does not exist for the subject is said to be so for them: it may well exist for who asks.
     *
     * @param name of the subject; null where it is who asks
     */
    private ValidatedStatement validatedFor(ParsedStatement statement, Subject of, @Nullable String name) {
        try {
            return validate(statement, of);
        } catch (NicolException refusal) {
            if (name == null) {
                throw refusal;
            }
            throw refusal.error().because("For `" + name + "`: " + refusal.getMessage());
        }
    }

    private static Checked check(PlanningSpace space, GovernedCatalog catalog, SqlNode relational, String sql) {
        SqlValidator validator = space.validator();
        try {
            SqlNode validated = validator.validate(relational);
            RelDataType rowType = validator.getValidatedNodeType(validated);
            RelDataType parameterTypes = validator.getParameterRowType(validated);
            return new Checked(validator, validated, rowType, parameterTypes, RowNumbers.in(validated));
        } catch (RuntimeException | Error failure) {
            if (relational instanceof SqlInsert insert && insert.getTargetTable() instanceof SqlIdentifier target) {
                SqlValidatorTable table = validator.getCatalogReader().getTable(target.names);
                if (table != null) {
                    // what is wrong with the columns is beside the point where it is no table
                    WriteConversion.refuseOther(TableName.of(table.getQualifiedName()), catalog);
                }
            }
            throw Refusals.of(failure, catalog, sql);
        }
    }

    /** The query or write inside a statement; null where there is none. */
    private static @Nullable SqlNode relational(SqlNode node) {
        SqlCreateView view = CreateMaterializedView.viewOf(node);
        if (view != null) {
            return view.query;
        } else if (node instanceof SqlExplain explain) {
            return relational(explain.getExplicandum());
        } else if (node instanceof SqlCreateTable create) {
            return create.query;
        }
        return switch (StatementParser.kind(node)) {
            case SELECT, INSERT, UPDATE, DELETE -> node;
            default -> null;
        };
    }
}
