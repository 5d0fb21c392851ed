package dev.nicol.server.catalog;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.adapters.SourceTable;
import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.TableName;
import dev.nicol.policy.filter.PolicyFunctions;
import dev.nicol.policy.rewrite.PolicyCatalog;
import dev.nicol.policy.rewrite.SourceScan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.schema.Table;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.jspecify.annotations.Nullable;

/** All tables of one catalogue snapshot with raw values: what row filters and custom masks are validated against, and nothing else. */
final class StoredCatalog implements PolicyCatalog {
    private static final int MOST_CONDITIONS = 10_000;

    private static final PlanningSpace.ViewSource NO_VIEWS = sql -> {
        throw new IllegalStateException("stored tables have no views");
    };

    private final CalciteSchema root;
    private final Map<TableName, StoredTable> tables = new LinkedHashMap<>();
    private final RelDataTypeFactory types;
    private final Expressions expressions;

    /** Filters that look at their row only mean the same in every plan. */
    private final Cache<Rule, RexNode> conditions =
            Caffeine.newBuilder().maximumSize(MOST_CONDITIONS).build();

    private record Rule(TableName table, String sql) {}

    /** Parses a policy's SQL. */
    interface Expressions {
        SqlNode expression(String sql);
    }

    StoredCatalog(CatalogSnapshot snapshot, RelDataTypeFactory types, Expressions expressions) {
        this.types = types;
        this.expressions = expressions;
        snapshot.sources().values().forEach(source -> {
            for (SourceTable table : source.tables().values()) {
                tables.put(table.name(), new StoredTable(table, types));
            }
        });
        this.root = SchemaTree.of(tables);
    }

    private StoredCatalog(StoredCatalog stored, TableName view, RelDataType row) {
        this.types = stored.types;
        this.expressions = stored.expressions;
        Map<TableName, Table> all = new LinkedHashMap<>(stored.tables);
        all.put(view, new ViewRow(row));
        this.root = SchemaTree.of(all);
    }

    /** The same with a view: rules on it speak of its columns, as the subject would see them without those rules. */
    PolicyCatalog with(TableName view, RelDataType row) {
        return new StoredCatalog(this, view, row);
    }

    /** Stands for a view while a rule on it is read; only the rule's expression is kept. */
    private static final class ViewRow extends AbstractTable implements TranslatableTable {
        private final RelDataType row;

        ViewRow(RelDataType row) {
            this.row = row;
        }

        @Override
        public RelDataType getRowType(RelDataTypeFactory factory) {
            return row;
        }

        @Override
        public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
            return new SourceScan(context.getCluster(), table);
        }
    }

    Map<TableName, StoredTable> tables() {
        return tables;
    }

    @Override
    public RelOptTable stored(TableName table) {
        RelOptTable found = PlanningSpace.reader(root, List.of(), types).getTable(table.parts());
        if (found == null) {
            throw NicolError.UNKNOWN_TABLE.because(
                    "Table `" + table + "` is gone. Look at nicol.information_schema.tables.");
        }
        return found;
    }

    @Override
    public RelNode filtered(RelOptCluster cluster, TableName table, String condition) {
        Rule rule = new Rule(table, condition);
        RexNode known = conditions.getIfPresent(rule);
        if (known != null) {
            return LogicalFilter.create(new SourceScan(cluster, stored(table)), known);
        }
        try {
            RelNode plan = planned(cluster, table, SqlNodeList.SINGLETON_STAR, expressions.expression(condition));
            if (plan instanceof Project project
                    && project.getInput() instanceof Filter filter
                    && filter.getInput() instanceof SourceScan
                    && !RexUtil.SubQueryFinder.containsSubQuery(filter)) {
                conditions.put(rule, filter.getCondition());
            }
            return plan;
        } catch (RuntimeException | Error failure) {
            throw notApplied(table, "row filter", failure);
        }
    }

    @Override
    public RexNode expression(RelOptCluster cluster, TableName table, String expression) {
        try {
            SqlNode parsed = expressions.expression(expression);
            RelNode plan = planned(cluster, table, SqlNodeList.of(parsed), null);
            if (plan instanceof SourceScan && plan.getRowType().getFieldCount() == 1) {
                return cluster.getRexBuilder().makeInputRef(plan, 0);
            } else if (plan instanceof Project project && project.getInput() instanceof SourceScan) {
                RexNode found = project.getProjects().get(0);
                found.accept(new RowOnly());
                return found;
            }
            throw new IllegalArgumentException("not an expression over one row");
        } catch (RuntimeException | Error failure) {
            throw notApplied(table, "custom mask", failure);
        }
    }

    /** Refuses what is not of this row alone. */
    private static final class RowOnly extends RexVisitorImpl<Void> {
        RowOnly() {
            super(true);
        }

        @Override
        public Void visitSubQuery(RexSubQuery subQuery) {
            throw new IllegalArgumentException("a sub-query");
        }

        @Override
        public Void visitOver(RexOver over) {
            throw new IllegalArgumentException("a window");
        }

        @Override
        public Void visitDynamicParam(RexDynamicParam parameter) {
            throw new IllegalArgumentException("a parameter");
        }
    }

    private RelNode planned(RelOptCluster cluster, TableName table, SqlNodeList columns, @Nullable SqlNode where) {
        return within(cluster, table).convert(select(table, columns, where)).rel;
    }

    private static RuntimeException notApplied(TableName table, String what, Throwable failure) {
        return NicolError.NOT_PERMITTED.because(
                "The policy on `" + table + "` cannot be applied, so nothing of it can be read. Tell a steward.",
                what + " of " + table + ": " + failure,
                failure);
    }

    /** The tree of a policy's expression; throws what the parser says. */
    SqlNode parsed(String sql) {
        return expressions.expression(sql);
    }

    /** Where an expression over the table's rows is validated and planned. */
    PlanningSpace spaceOf(TableName table) {
        return within(PlanningSpace.over(root, List.of(), types, NO_VIEWS).cluster(), table);
    }

    private PlanningSpace within(RelOptCluster cluster, TableName table) {
        return PlanningSpace.within(cluster, root, table.schemaPath(), PolicyFunctions.OPERATORS, NO_VIEWS);
    }

    /**
     * {@code SELECT columns FROM table WHERE condition}.
     *
     * @param condition null: every row
     */
    static SqlSelect select(TableName table, SqlNodeList columns, @Nullable SqlNode condition) {
        return new SqlSelect(
                SqlParserPos.ZERO,
                null,
                columns,
                new SqlIdentifier(new ArrayList<>(table.parts()), SqlParserPos.ZERO),
                condition,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }
}
