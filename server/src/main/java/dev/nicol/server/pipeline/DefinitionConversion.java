package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceCatalog;
import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.Action;
import dev.nicol.policy.Decision;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.GovernedCatalog;
import dev.nicol.server.catalog.VirtualSchemas;
import dev.nicol.server.materialized.StorageName;
import dev.nicol.server.parser.AlterTable;
import dev.nicol.server.parser.TruncateTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.ddl.SqlCreateTable;
import org.apache.calcite.sql.ddl.SqlDropTable;

/** Finds the table that a definition is aimed at, and whether its subject may define it. */
final class DefinitionConversion {
    private final ValidatedStatement validated;
    private final GovernedCatalog catalog;
    private final StatementKind kind;

    DefinitionConversion(ValidatedStatement validated) {
        this.validated = validated;
        this.catalog = validated.catalog();
        this.kind = validated.parsed().kind();
    }

    Body.Definition definition() {
        SqlNode node = validated.parsed().node();
        if (node instanceof SqlCreateTable create) {
            TableName target = newTable(create.name.names);
            refuseStorage(target);
            if (!catalog.decideNew(target).allows(Action.CREATE)) {
                // Said as for a schema that is not there: else anyone could ask which there are.
                throw hiddenOrMissing(create.name.names);
            }
            new DefinitionScope(catalog, null).check(node);
            return new Body.Definition(target, null, node, create.query == null ? null : ConvertStage.query(validated));
        }
        TableName target = existing(name(node).names);
        Decision decision = catalog.decision(target);
        StoredTable stored = catalog.stored(target);
        if (decision == null || stored == null || target.catalog().equals("nicol")) {
            throw NicolError.NOT_SUPPORTED.because(
                    "`" + target + "` cannot be changed this way: it is a view or a system table.");
        }
        permit(decision, target);
        if (!decision.rowFilters().isEmpty()) {
            throw NicolError.NOT_PERMITTED.because(
                    "Rows of `" + target + "` are hidden from you, so you may not " + words() + " it.");
        }
        if (node instanceof AlterTable alter && alter.change() instanceof AlterTable.RenameTable rename) {
            TableName renamed = new TableName(
                    target.catalog(), target.schema(), rename.renamed().getSimple());
            refuseStorage(renamed);
            if (!catalog.decideNew(renamed).allows(Action.CREATE)) {
                throw NicolError.NOT_PERMITTED.because(
                        "You may not name a table `" + renamed + "`. Ask a steward for a grant with action create.");
            }
        }
        new DefinitionScope(catalog, decision).check(node);
        return new Body.Definition(target, stored, node, null);
    }

    private static void refuseStorage(TableName target) {
        if (StorageName.is(target)) {
            throw NicolError.NOT_PERMITTED.because("Names that begin with `" + StorageName.PREFIX
                    + "` are of tables in which rows of materialized views are kept. Choose another.");
        }
    }

    private static SqlIdentifier name(SqlNode node) {
        if (node instanceof SqlDropTable drop) {
            return drop.name;
        } else if (node instanceof TruncateTable truncate) {
            return truncate.table();
        } else if (node instanceof AlterTable alter) {
            return alter.table();
        }
        throw NicolError.NOT_SUPPORTED.because("This definition is not supported.");
    }

    private void permit(Decision decision, TableName target) {
        Action action =
                switch (kind) {
                    case DROP_TABLE -> Action.DROP;
                    case ALTER_TABLE -> Action.ALTER;
                    default -> Action.TRUNCATE;
                };
        if (!decision.allows(action)) {
            throw NicolError.NOT_PERMITTED.because(
                    "You may not " + words() + " `" + target + "`. Ask a steward for a grant with action "
                            + action.name().toLowerCase(Locale.ROOT) + ".");
        }
    }

    private String words() {
        return kind.name().replace('_', ' ');
    }

    private TableName existing(List<String> names) {
        RelOptTable found = validated.space().catalogReader().getTable(names);
        if (found == null || found.getQualifiedName().size() != 3) {
            throw Refusals.unknownTable(String.join(".", names), "", catalog);
        }
        return TableName.of(found.getQualifiedName());
    }

    /** The name of a new table, with source and schema spelled as the source spells them. */
    private TableName newTable(List<String> names) {
        List<String> full = new ArrayList<>(names);
        ParsedStatement.DefaultSchema within = validated.parsed().within();
        if (full.size() == 1 && within.schema() != null) {
            full.add(0, within.schema());
        }
        if (full.size() == 2 && within.catalog() != null) {
            full.add(0, within.catalog());
        }
        if (full.size() != 3) {
            throw NicolError.UNKNOWN_TABLE.because("`" + String.join(".", names)
                    + "` does not name a table fully. Write source.schema.table, or SET schema = 'source.schema'.");
        }
        String catalogName = full.get(0).toLowerCase(Locale.ROOT);
        if (catalogName.equals(VirtualSchemas.CATALOG) || catalogName.equals("nicol")) {
            throw NicolError.NOT_SUPPORTED.because("Tables live at sources; `" + full.get(0)
                    + "` holds none of its own. Name a source: source.schema.table.");
        }
        SourceCatalog source = catalog.sourceIgnoringCase(full.get(0));
        if (source == null) {
            throw hiddenOrMissing(full);
        }
        List<String> schemas = source.schemas().contains(full.get(1))
                ? List.of(full.get(1))
                : source.schemas().stream()
                        .filter(full.get(1)::equalsIgnoreCase)
                        .toList();
        if (schemas.size() == 1) {
            return new TableName(source.source(), schemas.get(0), full.get(2));
        }
        throw hiddenOrMissing(full);
    }

    private RuntimeException hiddenOrMissing(List<String> names) {
        return NicolError.NOT_PERMITTED.because("You may not " + words() + " `" + String.join(".", names)
                + "`: there is no such schema, or no grant for it. Ask a steward.");
    }
}
