package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceSql;
import dev.nicol.policy.Action;
import dev.nicol.policy.Decision;
import dev.nicol.policy.Grant;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Rule;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.mask.MaskRule;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.pipeline.PlannedStatement.Plan;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * EXPLAIN POLICY: what policy does with a statement, and why. The statement takes the way of any other up to its plan and
 * is not run; so what is told is what would happen, or the refusal that would.
 */
final class PolicyExplanation {
    private static final List<String> COLUMNS = List.of(
            "item",
            "catalog_name",
            "schema_name",
            "table_name",
            "column_name",
            "rule",
            "effect",
            "reason",
            "definition",
            "source_sql");

    private final GuardStage guard;
    private final Supplier<PolicySet> policies;
    private final Function<GovernedStatement, List<Plan>> planning;

    /** @param planning every plan of a statement, without admitting it */
    PolicyExplanation(
            GuardStage guard, Supplier<PolicySet> policies, Function<GovernedStatement, List<Plan>> planning) {
        this.guard = guard;
        this.policies = policies;
        this.planning = planning;
    }

    /** Whether rule definitions, source SQL and other people's rights are shown. */
    static boolean showsRules(Subject subject) {
        return subject.roles().contains("auditor") || subject.roles().contains("steward");
    }

    /** All columns are text. */
    static RelDataType rowType(RelDataTypeFactory types) {
        RelDataTypeFactory.Builder row = types.builder();
        COLUMNS.forEach(column ->
                row.add(column, types.createSqlType(SqlTypeName.VARCHAR)).nullable(true));
        return row.build();
    }

    /** A row per column and rule, per guardrail, and per query that a source would get. */
    Plan.Known of(GovernedStatement about, Subject asking) {
        GuardedStatement guarded = guard.guard(new TraceStage().trace(about));
        Rows rows = new Rows(policies.get(), showsRules(asking));
        Set<TableName> tables = new LinkedHashSet<>();
        guarded.traced().columns().forEach(column -> tables.add(column.table()));
        Body.Target target = TraceStage.target(about.body());
        if (target != null) {
            tables.add(target.name());
        }
        for (SealedScan view : views(about.body())) {
            rows.table(view.decision());
            view.decision().columns().stream()
                    .filter(column -> !column.denied())
                    .forEach(column -> rows.column(view.decision(), column, "read"));
        }
        for (TableName table : tables) {
            Decision decision = about.validated().catalog().decision(table);
            if (decision != null) {
                rows.table(decision);
                guarded.traced().columns().stream()
                        .filter(column -> column.table().equals(table))
                        .forEach(column -> rows.column(decision, decided(decision, column.column()), column.access()));
            }
        }
        guarded.judgement().tripped().forEach(rows::guardrail);
        rows.verdict(guarded.judgement().verdict());
        planning.apply(about).forEach(plan -> sqlOf(plan).forEach(rows::sourceSql));
        return new Plan.Known(rowType(about.validated().space().cluster().getTypeFactory()), rows.rows);
    }

    /** Views with rules of their own. */
    private static List<SealedScan> views(Body body) {
        return ConvertStage.plans(body).stream()
                .flatMap(plan -> Seals.in(plan).stream())
                .filter(SealedScan::ofView)
                .toList();
    }

    private static Decision.Column decided(Decision decision, String column) {
        return decision.columns().stream()
                .filter(decided -> decided.name().equals(column))
                .findFirst()
                .orElseThrow();
    }

    /** Every text that the plan would send. */
    private static List<SourceSql> sqlOf(@Nullable Plan plan) {
        if (plan instanceof Plan.Whole whole) {
            return List.of(whole.sql());
        } else if (plan instanceof Plan.Joined joined) {
            return joined.plan().sources();
        } else if (plan instanceof Plan.Define define) {
            return List.of(define.sql());
        } else if (plan instanceof Plan.Write write) {
            List<SourceSql> all = new ArrayList<>(sqlOf(write.check()));
            if (write.sql() != null) {
                all.add(write.sql());
            }
            Plan.RowsFrom from = write.rows();
            if (from != null) {
                all.addAll(sqlOf(from.query()));
                all.add(from.insertOne());
            }
            return all;
        }
        return List.of();
    }

    private static final class Rows {
        private final Map<String, Rule> rules;
        private final boolean definitions;
        private final List<@Nullable Object[]> rows = new ArrayList<>();

        Rows(PolicySet policies, boolean definitions) {
            this.rules = policies.rules().stream().collect(Collectors.toMap(Rule::name, rule -> rule));
            this.definitions = definitions;
        }

        void table(Decision decision) {
            for (String name : decision.rules()) {
                Rule rule = rules.get(name);
                if (rule instanceof Grant grant) {
                    String until = grant.until() == null ? "" : " until " + grant.until();
                    row(
                            "grant",
                            decision.table(),
                            null,
                            name,
                            "allows " + words(grant.actions()) + until,
                            "it covers the table");
                } else if (rule instanceof RowFilter) {
                    row("row_filter", decision.table(), null, name, "hides rows", "a row must meet every row filter");
                }
            }
        }

        /** What is compared, grouped and sorted is what is shown: so each column has one answer. */
        void column(Decision decision, Decision.Column column, String access) {
            String effect = column.mask() == null
                    ? access + " raw"
                    : access + " masked by " + column.mask().kind() + "; conditions see the masked value too";
            row("column", decision.table(), column.name(), column.rule(), effect, column.reason());
            for (String overridden : column.overridden()) {
                row(
                        "column",
                        decision.table(),
                        column.name(),
                        overridden,
                        "overridden",
                        "`" + column.rule() + "` comes first");
            }
        }

        void guardrail(GuardrailRule rule) {
            row("guardrail", null, null, rule.name(), word(rule.action()), "every condition it names holds");
        }

        void verdict(GuardrailRule.Verdict verdict) {
            row("verdict", null, null, null, word(verdict), "the strictest guardrail that applies decides");
        }

        void sourceSql(SourceSql sql) {
            rows.add(new @Nullable Object[] {
                "source_sql",
                sql.source(),
                null,
                null,
                null,
                null,
                "sent to the source",
                null,
                null,
                definitions ? sql.text() : null
            });
        }

        private void row(
                String item,
                @Nullable TableName table,
                @Nullable String column,
                @Nullable String rule,
                String effect,
                String reason) {
            rows.add(new @Nullable Object[] {
                item,
                table == null ? null : table.catalog(),
                table == null ? null : table.schema(),
                table == null ? null : table.table(),
                column,
                rule,
                effect,
                reason,
                definitions && rule != null ? definition(rule) : null,
                null
            });
        }

        private @Nullable String definition(String name) {
            Rule rule = rules.get(name);
            if (rule instanceof RowFilter filter) {
                return filter.where();
            } else if (rule instanceof MaskRule mask) {
                return mask.mask().toString();
            }
            return rule == null ? null : PolicySet.definition(rule);
        }

        private static String word(GuardrailRule.Verdict verdict) {
            return switch (verdict) {
                case ALLOW -> "allowed";
                case WARN -> "warned";
                case HOLD -> "held";
                case DENY -> "denied";
            };
        }

        private static String words(Set<Action> actions) {
            return new TreeSet<>(actions)
                    .stream()
                            .map(action -> action.name().toLowerCase(Locale.ROOT))
                            .collect(Collectors.joining(", "));
        }
    }
}
