package dev.nicol.server.catalog;

import dev.nicol.policy.ColumnFacts;
import dev.nicol.policy.NearestName;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.TableFacts;
import dev.nicol.policy.TableName;
import dev.nicol.policy.check.StoredExpressions;
import dev.nicol.policy.filter.PolicyFunctions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelVisitor;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.runtime.CalciteContextException;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.SqlValidatorException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads what policies say in SQL against the tables as they are stored, without running it. */
final class StoredRows implements StoredExpressions {
    /** Functions whose value differs from row to row for no reason in the row. */
    private static final Set<String> UNSTEADY =
            Set.of("RAND", "RAND_INTEGER", "RANDOM", "UUID", "GEN_RANDOM_UUID", "NEXT_VALUE");

    private static final Pattern UNKNOWN_COLUMN = Pattern.compile("Column '([^']*)' not found in.*");
    private static final Pattern UNKNOWN_TABLE =
            Pattern.compile("(?:Object|Table) '([^']*)' not found(?: within '([^']*)')?.*");
    private static final Pattern UNKNOWN_FUNCTION = Pattern.compile("No match found for function signature (.*)");
    private static final Logger LOG = LoggerFactory.getLogger(StoredRows.class);

    private final StoredCatalog stored;
    private final Map<TableName, TableFacts> tables;

    StoredRows(StoredCatalog stored, Map<TableName, TableFacts> tables) {
        this.stored = stored;
        this.tables = tables;
    }

    @Override
    public Reading read(TableName table, String sql) {
        try {
            SqlNode expression = stored.parsed(sql);
            List<String> faults = faults(expression);
            if (!faults.isEmpty()) {
                return new Reading(null, Set.of(), Set.of(), faults);
            }
            PlanningSpace space = stored.spaceOf(table);
            SqlValidator validator = space.validator();
            SqlSelect select = StoredCatalog.select(table, SqlNodeList.of(expression), null);
            SqlNode validated = validator.validate(select);
            if (validated instanceof SqlSelect checked && validator.isAggregate(checked)) {
                return Reading.fault("it sums up rows, and a rule sees one — move the aggregate into a sub-query");
            }
            RelNode plan = space.converter(validator).convertQuery(validated, false, true).rel;
            return reading(plan);
        } catch (NicolException unreadable) {
            return Reading.fault(String.valueOf(unreadable.getMessage()));
        } catch (RuntimeException | Error failure) {
            return Reading.fault(said(failure, table));
        }
    }

    /** What is no expression over one row, told before Calcite tells it in its own way. */
    private static List<String> faults(SqlNode expression) {
        Set<String> faults = new LinkedHashSet<>();
        expression.accept(new SqlBasicVisitor<@Nullable Void>() {
            private int depth;

            @Override
            public @Nullable Void visit(SqlDynamicParam parameter) {
                faults.add("it has a parameter `?`, which nobody binds — write the value");
                return null;
            }

            @Override
            public @Nullable Void visit(SqlCall call) {
                String name =
                        call.getOperator().getName().toUpperCase(Locale.ROOT).replace(' ', '_');
                if (depth == 0 && call.getKind() == SqlKind.OVER) {
                    faults.add("it has a window function, and a rule sees one row — move it into a sub-query");
                }
                if (UNSTEADY.contains(name) || !call.getOperator().isDeterministic()) {
                    faults.add("`" + name + "` gives another value each time, so that nobody could say what the rule"
                            + " decides — leave it out");
                }
                depth += call instanceof SqlSelect ? 1 : 0;
                super.visit(call);
                depth -= call instanceof SqlSelect ? 1 : 0;
                return null;
            }
        });
        return List.copyOf(faults);
    }

    private static Reading reading(RelNode plan) {
        Set<TableName> lookups = new HashSet<>();
        Set<String> groups = new HashSet<>();
        Expressions expressions = new Expressions(lookups, groups);
        // the plan is a projection over the table itself: what else is read stands in its sub-queries
        plan.accept(expressions);
        for (RelNode input : plan.getInputs()) {
            input.accept(expressions);
        }
        RelDataType type = plan.getRowType().getFieldList().get(0).getType();
        return new Reading(type, lookups, groups, List.of());
    }

    /** Goes into sub-queries and collects what they read, and what groups are asked for anywhere. */
    private static final class Expressions extends RexShuttle {
        private final Set<TableName> lookups;
        private final Set<String> groups;

        Expressions(Set<TableName> lookups, Set<String> groups) {
            this.lookups = lookups;
            this.groups = groups;
        }

        @Override
        public RexNode visitCall(RexCall call) {
            if (call.getOperator() == PolicyFunctions.IN_GROUP
                    && call.getOperands().get(0) instanceof RexLiteral literal) {
                String group = literal.getValueAs(String.class);
                if (group != null) {
                    groups.add(group);
                }
            }
            return super.visitCall(call);
        }

        @Override
        public RexNode visitSubQuery(RexSubQuery subQuery) {
            new RelVisitor() {
                @Override
                public void visit(RelNode node, int ordinal, @Nullable RelNode parent) {
                    if (node instanceof TableScan scan) {
                        lookups.add(TableName.of(scan.getTable().getQualifiedName()));
                    }
                    node.accept(Expressions.this);
                    super.visit(node, ordinal, parent);
                }
            }.go(subQuery.rel);
            return super.visitSubQuery(subQuery);
        }
    }

    private String said(Throwable failure, TableName table) {
        CalciteContextException located = find(failure, CalciteContextException.class);
        SqlValidatorException validator = find(failure, SqlValidatorException.class);
        String said = validator != null
                ? validator.getMessage()
                : located != null && located.getCause() != null
                        ? located.getCause().getMessage()
                        : null;
        if (said == null) {
            LOG.warn("a rule's SQL over {} could not be planned", table, failure);
            return "it cannot be planned — write it in a simpler way";
        }
        Matcher column = UNKNOWN_COLUMN.matcher(said);
        if (column.matches()) {
            TableFacts facts = tables.get(table);
            List<String> names = facts == null
                    ? List.of()
                    : facts.columns().stream().map(ColumnFacts::name).toList();
            return "there is no column `" + column.group(1) + "`" + orCorrect(column.group(1), names);
        }
        Matcher unknown = UNKNOWN_TABLE.matcher(said);
        if (unknown.matches()) {
            String name = unknown.group(2) == null ? unknown.group(1) : unknown.group(2) + "." + unknown.group(1);
            Set<String> names = new TreeSet<>();
            tables.keySet().forEach(known -> names.add(known.toString()));
            return "there is no table `" + name + "`" + orCorrect(name, names);
        }
        Matcher function = UNKNOWN_FUNCTION.matcher(said);
        if (function.matches()) {
            return "there is no function " + function.group(1) + " — use another";
        }
        return said.replaceAll("\\s+", " ").strip() + " — correct the expression";
    }

    private static String orCorrect(String word, Collection<String> known) {
        String hint = NearestName.hint(word, known);
        return hint.isEmpty() ? " — correct the name" : hint;
    }

    private static <T extends Throwable> @Nullable T find(Throwable failure, Class<T> type) {
        List<Throwable> seen = new ArrayList<>();
        for (Throwable at = failure; at != null && !seen.contains(at); at = at.getCause()) {
            if (type.isInstance(at)) {
                return type.cast(at);
            }
            seen.add(at);
        }
        return null;
    }
}
