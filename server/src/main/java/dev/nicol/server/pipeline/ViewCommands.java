package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.server.audit.AuditTrail;
import dev.nicol.server.catalog.ViewFiles;
import dev.nicol.server.catalog.VirtualSchemas;
import dev.nicol.server.parser.CommentOn;
import dev.nicol.server.parser.CreateMaterializedView;
import dev.nicol.server.parser.RefreshMaterializedView;
import dev.nicol.server.parser.Rename;
import java.util.List;
import java.util.Map;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.ddl.SqlCreateSchema;
import org.apache.calcite.sql.ddl.SqlCreateView;
import org.apache.calcite.sql.ddl.SqlDropObject;
import org.apache.calcite.sql.ddl.SqlDropSchema;

/** Statements on virtual schemas and their views, which stewards may send. */
final class ViewCommands {
    private final VirtualSchemas virtualSchemas;
    private final NamingRules rules;
    private final AuditTrail trail;
    private final MaterializedViewCommands materialized;

    private ViewCommands(
            VirtualSchemas virtualSchemas, NamingRules rules, AuditTrail trail, MaterializedViewCommands materialized) {
        this.virtualSchemas = virtualSchemas;
        this.rules = rules;
        this.trail = trail;
        this.materialized = materialized;
    }

    static ViewCommands of(Pipelines.Parts parts, Refreshes refreshes) {
        VirtualSchemas schemas = parts.virtualSchemas();
        return new ViewCommands(
                schemas,
                new NamingRules(parts.policies(), schemas),
                parts.trail(),
                new MaterializedViewCommands(schemas, parts.materialized(), refreshes));
    }

    /** @throws dev.nicol.policy.NicolException where it may not be, or does not hold */
    void run(PlannedStatement planned, SqlNode node) {
        Invocation invocation = planned.invocation();
        Subject subject = invocation.subject();
        if (!subject.roles().contains("steward")) {
            throw NicolError.NOT_PERMITTED.because("Virtual schemas are for stewards. Ask one.");
        }
        String by = subject.userName();
        if (node instanceof SqlCreateSchema create) {
            virtualSchemas.createSchema(schemaName(create.name.names), create.ifNotExists);
            trail.event("create_schema", by, create.name.toString());
        } else if (node instanceof SqlDropSchema drop) {
            virtualSchemas.dropSchema(schemaName(drop.name.names), drop.ifExists);
            trail.event("drop_schema", by, drop.name.toString());
        } else if (node instanceof SqlCreateView create) {
            VirtualSchemas.View view = view(invocation.sql(), create, by, false);
            virtualSchemas.createView(view, create.getReplace());
            materialized.forget(view.name());
            trail.event("create_view", by, view.name() + " AS " + view.definition());
        } else if (node instanceof CreateMaterializedView create) {
            VirtualSchemas.View view = view(create.view(), ViewText.after(invocation.sql(), create.as()), by, false);
            materialized.create(planned, create, view);
            trail.event("create_view", by, view.name() + " AS " + view.definition());
        } else if (node instanceof RefreshMaterializedView refresh) {
            materialized.refresh(viewName(refresh.view().names));
        } else if (node instanceof SqlDropObject drop) {
            TableName name = virtualSchemas.known(viewName(drop.name.names));
            if (node.getKind() == SqlKind.DROP_MATERIALIZED_VIEW) {
                materialized.refuseOther(name);
            }
            virtualSchemas.dropView(name, drop.ifExists, by);
            materialized.forget(name);
            trail.event("drop_view", by, name.toString());
        } else if (node instanceof Rename rename) {
            rename(rename, by);
        } else if (node instanceof CommentOn comment) {
            ViewFiles.Comment on = comment(comment);
            if (on.view() == null) {
                virtualSchemas.commentSchema(on.schema(), on.text());
            } else {
                virtualSchemas.commentView(on.view(), on.column(), on.text());
            }
            trail.event("comment", by, comment.subject() + " " + String.join(".", comment.names()));
        } else {
            throw NicolError.NOT_SUPPORTED.because("This statement is not supported.");
        }
    }

    private void rename(Rename rename, String by) {
        if (rename.ofSchema()) {
            String schema = schemaName(rename.name().names);
            rules.refuse(schema, rename.renamed());
            virtualSchemas.renameSchema(schema, rename.renamed(), by);
            materialized.schemaRenamed(schema, rename.renamed());
            trail.event("rename_schema", by, "virtual." + schema + " to " + rename.renamed());
        } else {
            TableName name = virtualSchemas.known(viewName(rename.name().names));
            TableName renamed = new TableName(name.catalog(), name.schema(), rename.renamed());
            rules.refuse(name, renamed);
            virtualSchemas.renameView(name, rename.renamed(), by);
            materialized.renamed(name, renamed);
            trail.event("rename_view", by, name + " to " + rename.renamed());
        }
    }

    /** @param owner who creates it; the file where it comes from one */
    static VirtualSchemas.View view(String statement, SqlCreateView create, String owner, boolean fromFile) {
        return view(create, new ViewText(statement, create).query(), owner, fromFile);
    }

    private static VirtualSchemas.View view(SqlCreateView create, String query, String owner, boolean fromFile) {
        List<String> names = create.columnList == null
                ? List.of()
                : create.columnList.stream()
                        .map(column -> ((SqlIdentifier) column).getSimple())
                        .toList();
        return new VirtualSchemas.View(viewName(create.name.names), query, names, owner, fromFile, Map.of());
    }

    static ViewFiles.Comment comment(CommentOn comment) {
        List<String> names = comment.names();
        return switch (comment.subject()) {
            case SCHEMA -> new ViewFiles.Comment(null, schemaName(names), null, comment.text());
            case VIEW -> new ViewFiles.Comment(viewName(names), names.get(1), null, comment.text());
            case COLUMN -> {
                if (names.size() != 4) {
                    throw NicolError.NOT_SUPPORTED.because(
                            "Comments are on columns of views: COMMENT ON COLUMN virtual.schema.view.column IS '…'.");
                }
                yield new ViewFiles.Comment(viewName(names.subList(0, 3)), names.get(1), names.get(3), comment.text());
            }
        };
    }

    private static String schemaName(List<String> names) {
        if (names.size() != 2 || !names.get(0).equalsIgnoreCase(VirtualSchemas.CATALOG)) {
            throw NicolError.NOT_SUPPORTED.because(
                    "Schemas can be created and changed in the catalog `virtual` only: CREATE SCHEMA virtual.name.");
        }
        return names.get(1);
    }

    static TableName viewName(List<String> names) {
        if (names.size() != 3 || !names.get(0).equalsIgnoreCase(VirtualSchemas.CATALOG)) {
            throw NicolError.NOT_SUPPORTED.because(
                    "Views live in virtual schemas: CREATE VIEW virtual.schema.name AS ….");
        }
        return new TableName(VirtualSchemas.CATALOG, names.get(1), names.get(2));
    }
}
