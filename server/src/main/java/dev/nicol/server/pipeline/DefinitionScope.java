package dev.nicol.server.pipeline;

import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.Decision;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.server.catalog.GovernedCatalog;
import dev.nicol.server.parser.AlterTable;
import dev.nicol.server.parser.ForeignKey;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlUserDefinedTypeNameSpec;
import org.apache.calcite.sql.ddl.SqlCheckConstraint;
import org.apache.calcite.sql.ddl.SqlColumnDeclaration;
import org.apache.calcite.sql.ddl.SqlCreateTable;
import org.apache.calcite.sql.ddl.SqlKeyConstraint;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.jspecify.annotations.Nullable;

/**
 * What a definition may say. The source evaluates defaults, checks, keys and changes of type over stored values, past
 * every mask and filter: so expressions are of an allowlist, and nothing of them may touch what is hidden.
 */
final class DefinitionScope {
    private static final Set<SqlKind> OPERATORS = EnumSet.of(
            SqlKind.AND,
            SqlKind.OR,
            SqlKind.NOT,
            SqlKind.EQUALS,
            SqlKind.NOT_EQUALS,
            SqlKind.LESS_THAN,
            SqlKind.LESS_THAN_OR_EQUAL,
            SqlKind.GREATER_THAN,
            SqlKind.GREATER_THAN_OR_EQUAL,
            SqlKind.IS_NULL,
            SqlKind.IS_NOT_NULL,
            SqlKind.IS_TRUE,
            SqlKind.IS_FALSE,
            SqlKind.IN,
            SqlKind.NOT_IN,
            SqlKind.BETWEEN,
            SqlKind.LIKE,
            SqlKind.PLUS,
            SqlKind.MINUS,
            SqlKind.TIMES,
            SqlKind.DIVIDE,
            SqlKind.MOD,
            SqlKind.PLUS_PREFIX,
            SqlKind.MINUS_PREFIX,
            SqlKind.CAST,
            SqlKind.ROW);

    /** Functions without side effects that every kind has. */
    private static final Set<String> FUNCTIONS = Set.of("UPPER", "LOWER", "CHAR_LENGTH", "ABS", "||");

    /** The moment; the user is left out, because a source would answer with the pool's. */
    private static final Set<String> MOMENTS =
            Set.of("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP");

    private final GovernedCatalog catalog;
    private final @Nullable Decision decision;

    /** @param decision on the table as it is; null for a table that is to be created */
    DefinitionScope(GovernedCatalog catalog, @Nullable Decision decision) {
        this.catalog = catalog;
        this.decision = decision;
    }

    /** @throws dev.nicol.policy.NicolException NOT_SUPPORTED, NOT_PERMITTED or UNKNOWN_COLUMN */
    void check(SqlNode definition) {
        if (definition instanceof SqlCreateTable create && create.columnList != null) {
            create.columnList.forEach(this::element);
        } else if (definition instanceof AlterTable alter) {
            change(alter.change());
        }
    }

    private void change(AlterTable.Change change) {
        if (change instanceof AlterTable.AddColumn add) {
            element(add.column());
        } else if (change instanceof AlterTable.AddConstraint add) {
            element(add.constraint());
        } else if (change instanceof AlterTable.RenameTable) {
            refuseHiddenColumns();
        } else if (change instanceof AlterTable.RenameColumn rename) {
            column(rename.name());
        } else if (change instanceof AlterTable.SetType set) {
            type(set.type());
            column(set.name());
        } else if (change instanceof AlterTable.SetDefault set) {
            expression(set.value(), false);
            column(set.name());
        } else if (change instanceof AlterTable.SetNotNull set) {
            column(set.name());
        } else if (change instanceof AlterTable.DropNotNull drop) {
            column(drop.name());
        } else if (change instanceof AlterTable.DropDefault drop) {
            column(drop.name());
        } else if (change instanceof AlterTable.DropColumn drop) {
            column(drop.name());
        }
    }

    private void element(SqlNode element) {
        if (element instanceof SqlColumnDeclaration column) {
            type(column.dataType);
            if (column.expression != null) {
                expression(column.expression, false);
            }
        } else if (element instanceof SqlCheckConstraint check) {
            expression(check.getOperandList().get(1), true);
        } else if (element instanceof SqlKeyConstraint key) {
            columns((SqlNodeList) key.getOperandList().get(1));
        } else if (element instanceof ForeignKey key) {
            columns((SqlNodeList) key.getOperandList().get(1));
        } else {
            throw NicolError.NOT_SUPPORTED.because("This part of a definition is not supported.");
        }
    }

    private static void type(SqlDataTypeSpec type) {
        if (type.getTypeNameSpec() instanceof SqlUserDefinedTypeNameSpec named) {
            throw NicolError.NOT_SUPPORTED.because(
                    "There is no type `" + named.getTypeName() + "`. docs/reference/sql.md lists those there are.");
        }
    }

    private void columns(SqlNodeList names) {
        names.forEach(name -> column((SqlIdentifier) name));
    }

    /** Existing columns must be seen as they are stored; those of a new table are the author's own. */
    private void column(SqlIdentifier name) {
        if (decision == null) {
            return;
        }
        boolean seen = false;
        for (Decision.Column column : decision.columns()) {
            if (column.name().equalsIgnoreCase(name.getSimple()) && !column.denied()) {
                if (column.mask() != null) {
                    throw masked(column.name());
                }
                seen = true;
            }
        }
        if (!seen) {
            throw NicolError.UNKNOWN_COLUMN.because("There is no column `" + name.getSimple() + "`.");
        }
    }

    /** Masks and denials are rules over names: under another name the table would be open. */
    private void refuseHiddenColumns() {
        if (decision != null) {
            refuseHiddenColumns(decision);
        }
    }

    private static void refuseHiddenColumns(Decision table) {
        for (Decision.Column column : table.columns()) {
            if (column.denied() || column.mask() != null) {
                throw NicolError.NOT_PERMITTED.because("Parts of `" + table.table()
                        + "` are hidden from you, so it can be neither renamed nor referred to. Ask a steward.");
            }
        }
    }

    private static RuntimeException masked(String column) {
        return NicolError.NOT_PERMITTED.because(
                "Column `" + column + "` is masked for you, so a definition may not touch it. Ask a steward.");
    }

    private void expression(SqlNode expression, boolean overColumns) {
        expression.accept(new SqlBasicVisitor<@Nullable Void>() {
            @Override
            public @Nullable Void visit(SqlCall call) {
                String name = call.getOperator().getName().toUpperCase(Locale.ROOT);
                if (!OPERATORS.contains(call.getKind()) && !FUNCTIONS.contains(name) && !MOMENTS.contains(name)) {
                    throw NicolError.NOT_SUPPORTED.because(
                            "`" + call.getOperator().getName()
                                    + "` is not supported in a DEFAULT or CHECK. Use literals, columns and comparisons.");
                }
                if (call.getKind() == SqlKind.CAST) {
                    type(call.operand(1));
                    return call.operand(0).accept(this);
                }
                call.getOperandList().stream()
                        .filter(operand -> operand != null)
                        .forEach(operand -> operand.accept(this));
                return null;
            }

            @Override
            public @Nullable Void visit(SqlIdentifier identifier) {
                boolean moment = MOMENTS.contains(identifier.toString().toUpperCase(Locale.ROOT));
                if (!moment && (!overColumns || !identifier.isSimple())) {
                    throw NicolError.NOT_SUPPORTED.because("`" + identifier
                            + "` is not supported in a DEFAULT or CHECK. Use literals, columns and comparisons.");
                }
                if (!moment) {
                    column(identifier);
                }
                return null;
            }

            @Override
            public @Nullable Void visit(SqlDynamicParam parameter) {
                throw NicolError.NOT_SUPPORTED.because("A definition takes no parameters. Write the value.");
            }
        });
    }

    /**
     * The table a foreign key refers to: on the same source, visible and seen whole. A key onto hidden rows or values
     * would tell, insert by insert, which there are.
     */
    StoredTable referred(ForeignKey key, @Nullable RelOptTable found, TableName target) {
        TableName name = found == null ? null : TableName.of(found.getQualifiedName());
        StoredTable stored = name == null ? null : catalog.stored(name);
        Decision seen = name == null ? null : catalog.decision(name);
        if (name == null || stored == null || seen == null || !name.catalog().equals(target.catalog())) {
            throw Refusals.unknownTable(key.table().toString(), " on source `" + target.catalog() + "`", catalog);
        }
        if (!seen.rowFilters().isEmpty()) {
            throw NicolError.NOT_PERMITTED.because(
                    "Rows of `" + name + "` are hidden from you, so no key may refer to it. Ask a steward.");
        }
        refuseHiddenColumns(seen);
        return stored;
    }
}
