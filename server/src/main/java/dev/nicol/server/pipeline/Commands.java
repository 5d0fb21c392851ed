package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.catalog.VirtualSchemas;
import dev.nicol.server.identity.StatedIdentity;
import dev.nicol.server.parser.CreateMaterializedView;
import dev.nicol.server.parser.CreateToken;
import dev.nicol.server.parser.DropToken;
import dev.nicol.server.parser.RefreshMaterializedView;
import dev.nicol.server.parser.RenameView;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSetOption;
import org.apache.calcite.sql.ddl.SqlCreateSchema;
import org.apache.calcite.sql.ddl.SqlCreateView;
import org.apache.calcite.sql.ddl.SqlDropSchema;
import org.apache.calcite.sql.ddl.SqlDropView;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/** What Nicol itself carries out: SET, CALL, transactions, virtual schemas, tokens. */
final class Commands {
    private final VirtualSchemas virtualSchemas;
    private final Procedures procedures;
    private final Samples samples;
    private final AuditTrail trail;
    private final TagTravel tags;
    private final TokenCommands tokens;
    private final MaterializedViewCommands materialized;

    Commands(
            VirtualSchemas virtualSchemas,
            Procedures procedures,
            Samples samples,
            AuditTrail trail,
            TagTravel tags,
            TokenCommands tokens,
            MaterializedViewCommands materialized) {
        this.virtualSchemas = virtualSchemas;
        this.procedures = procedures;
        this.samples = samples;
        this.trail = trail;
        this.tags = tags;
        this.tokens = tokens;
        this.materialized = materialized;
    }

    /** Carries a command out; the lines it answers with, null where it answers with a count. */
    @Nullable
    List<String> run(PlannedStatement planned, SqlNode node) {
        Invocation invocation = planned.invocation();
        Session session = invocation.session();
        switch (planned.parsed().kind()) {
            case COMMIT -> {
                session.connections().commit();
                tags.committed(session);
            }
            case ROLLBACK -> {
                session.endWrites();
                session.connections().rollback();
            }
            case SET -> set(session, (SqlSetOption) node);
            case CREATE_SCHEMA -> createSchema(invocation.subject(), (SqlCreateSchema) node);
            case DROP_SCHEMA -> dropSchema(invocation.subject(), (SqlDropSchema) node);
            case CREATE_VIEW -> createView(planned, node);
            case REFRESH_MATERIALIZED_VIEW -> {
                steward(invocation.subject());
                materialized.refresh(virtualName(((RefreshMaterializedView) node).view().names));
            }
            case ALTER_VIEW -> renameView(invocation.subject(), (RenameView) node);
            case DROP_VIEW -> dropView(invocation.subject(), (SqlDropView) node);
            case DROP_TOKEN -> tokens.drop(session, (DropToken) node);
            case CREATE_TOKEN -> {
                return List.of(tokens.create(session, (CreateToken) node));
            }
            case CALL -> {
                return call(session, invocation.subject(), (SqlCall) ((SqlCall) node).operand(0));
            }
            default -> throw NicolError.NOT_SUPPORTED.because("This statement is not supported.");
        }
        return null;
    }

    private static void set(Session session, SqlSetOption option) {
        String name = option.name().toString().toLowerCase(Locale.ROOT);
        SqlNode given = option.getValue();
        String text = given instanceof SqlLiteral literal && literal.getTypeName() != SqlTypeName.NULL
                ? literal.getValueAs(String.class)
                : given instanceof SqlIdentifier identifier ? identifier.toString() : null;
        String value = name.equals("schema") ? text : StatedIdentity.value(name, text);
        Subject subject = session.subject();
        switch (name) {
            case "purpose" -> {
                checkPurpose(session, value);
                session.setSubject(subject.withPurpose(value));
            }
            case "job" -> session.setSubject(subject.withJob(value));
            case "model" -> session.setSubject(subject.withModel(value));
            case "schema" -> schema(session, value);
            default ->
                throw NicolError.NOT_SUPPORTED.because(
                        "`" + name + "` cannot be SET; purpose, job, model and schema can.");
        }
    }

    private static void checkPurpose(Session session, @Nullable String value) {
        Subject subject = session.subject();
        Set<String> only = session.purposes();
        if (value != null && !subject.mayState(value)) {
            throw NicolError.NOT_PERMITTED.because("Purpose `" + value + "` is not declared for `"
                    + subject.userName() + "`. Declared: " + String.join(", ", subject.allowedPurposes())
                    + ".");
        } else if (!only.isEmpty() && (value == null || !only.contains(value))) {
            throw NicolError.NOT_PERMITTED.because(
                    "This access token is for the purposes " + new TreeSet<>(only) + ". State one of them.");
        }
    }

    private static void schema(Session session, @Nullable String value) {
        if (value == null || value.isBlank()) {
            session.setDefaultSchema(null, null);
            return;
        }
        String[] parts = value.split("\\.", -1);
        if (parts.length > 2) {
            throw NicolError.SYNTAX.because("`" + value + "` is no schema. Write SET schema = 'source.schema'.");
        }
        session.setDefaultSchema(
                parts.length == 2 ? parts[0] : session.defaultSchema().catalog(), parts[parts.length - 1]);
    }

    private void createSchema(Subject subject, SqlCreateSchema create) {
        steward(subject);
        virtualSchemas.createSchema(virtualSchema(create.name.names), create.ifNotExists);
        trail.event("create_schema", subject.userName(), create.name.toString());
    }

    private void dropSchema(Subject subject, SqlDropSchema drop) {
        steward(subject);
        virtualSchemas.dropSchema(virtualSchema(drop.name.names), drop.ifExists);
        trail.event("drop_schema", subject.userName(), drop.name.toString());
    }

    private void createView(PlannedStatement planned, SqlNode node) {
        SqlCreateView create = Objects.requireNonNull(CreateMaterializedView.viewOf(node));
        Subject subject = planned.invocation().subject();
        steward(subject);
        if (create.columnList != null) {
            throw NicolError.NOT_SUPPORTED.because("Name a view's columns with AS in its query, not after its name.");
        }
        String statement = planned.invocation().sql();
        TableName name = virtualName(create.name.names);
        if (node instanceof CreateMaterializedView kept) {
            define(subject, create, name, ViewText.after(statement, kept.as()), define -> {
                materialized.create(planned, kept, name, define);
            });
        } else {
            define(subject, create, name, new ViewText(statement, create).query(), define -> {
                define.run();
                materialized.forget(name);
            });
        }
    }

    private void define(
            Subject subject, SqlCreateView create, TableName name, String sql, Consumer<Runnable> defining) {
        VirtualSchemas.View view = new VirtualSchemas.View(name, sql, subject.userName(), false);
        defining.accept(() -> virtualSchemas.createView(view, create.getReplace()));
        trail.event("create_view", subject.userName(), name + " AS " + sql);
    }

    private void renameView(Subject subject, RenameView rename) {
        steward(subject);
        TableName name = virtualName(rename.view().names);
        VirtualSchemas.View view = virtualSchemas.view(name);
        virtualSchemas.renameView(name, rename.renamed());
        if (view != null) {
            materialized.renamed(
                    view.name(),
                    new TableName(view.name().catalog(), view.name().schema(), rename.renamed()));
        }
        trail.event("rename_view", subject.userName(), name + " to " + rename.renamed());
    }

    private void dropView(Subject subject, SqlDropView drop) {
        steward(subject);
        TableName name = virtualName(drop.name.names);
        VirtualSchemas.View view = virtualSchemas.view(name);
        virtualSchemas.dropView(name, drop.ifExists);
        materialized.forget(view == null ? name : view.name());
        trail.event("drop_view", subject.userName(), name.toString());
    }

    private static void steward(Subject subject) {
        if (!subject.roles().contains("steward")) {
            throw NicolError.NOT_PERMITTED.because("Virtual schemas are for stewards. Ask one.");
        }
    }

    private static String virtualSchema(List<String> names) {
        if (names.size() != 2 || !names.get(0).equalsIgnoreCase(VirtualSchemas.CATALOG)) {
            throw NicolError.NOT_SUPPORTED.because(
                    "Schemas can be created in the catalog `virtual` only: CREATE SCHEMA virtual.name.");
        }
        return names.get(1);
    }

    static TableName virtualName(List<String> names) {
        if (names.size() != 3 || !names.get(0).equalsIgnoreCase(VirtualSchemas.CATALOG)) {
            throw NicolError.NOT_SUPPORTED.because(
                    "Views live in virtual schemas: CREATE VIEW virtual.schema.name AS ….");
        }
        return new TableName(VirtualSchemas.CATALOG, names.get(1), names.get(2));
    }

    private List<String> call(Session session, Subject subject, SqlCall call) {
        String name = procedure(call);
        List<String> arguments = arguments(call);
        if (name.equals("nicol.sample")) {
            if (arguments.size() != 1) {
                throw NicolError.SYNTAX.because("Write CALL nicol.sample('request id').");
            }
            return samples.of(arguments.get(0), session);
        }
        return List.of(procedures.call(name, arguments, subject));
    }

    /** In lower case, with its schema. */
    static String procedure(SqlCall call) {
        return call.getOperator().getNameAsId().toString().toLowerCase(Locale.ROOT);
    }

    static List<String> arguments(SqlCall call) {
        List<String> arguments = new ArrayList<>();
        for (SqlNode operand : call.getOperandList()) {
            String text = operand instanceof SqlLiteral literal ? literal.getValueAs(String.class) : null;
            if (text == null) {
                throw NicolError.NOT_SUPPORTED.because("Procedures take string literals.");
            }
            arguments.add(text);
        }
        return arguments;
    }
}
