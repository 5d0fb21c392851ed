package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.sql.Pushdown;
import dev.nicol.adapters.sql.SourceSql;
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
import dev.nicol.server.audit.AuditTrail.ColumnAccess;
import dev.nicol.server.pipeline.PlannedStatement.Plan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
            "computed_by",
            "definition",
            "source_sql");

    private final GuardStage guard;
    private final Supplier<PolicySet> policies;
    private final Function<Body.PolicyQuestion, List<Plan>> planning;
    private final Function<String, SourceAdapter> adapters;

    /**
     * @param planning every plan of a statement, without admitting it
     * @param adapters the adapter of a source by its name
     */
    PolicyExplanation(
            GuardStage guard,
            Supplier<PolicySet> policies,
            Function<Body.PolicyQuestion, List<Plan>> planning,
            Function<String, SourceAdapter> adapters) {
        this.guard = guard;
        this.policies = policies;
        this.planning = planning;
        this.adapters = adapters;
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
    Plan.Known of(Body.PolicyQuestion question, Subject asking) {
        GovernedStatement about = question.about();
        GuardedStatement guarded = guard.guard(new TraceStage().trace(about), question.subject());
        List<ColumnAccess> touched = guarded.traced().columns();
        Rows rows = new Rows(policies.get(), showsRules(asking));
        Map<TableName, SealedScan> seals = new LinkedHashMap<>();
        ConvertStage.plans(about.body()).forEach(plan -> Seals.in(plan)
                .forEach(seal -> seals.putIfAbsent(seal.decision().table(), seal)));
        for (SealedScan seal : seals.values()) {
            rows.table(seal.decision());
            for (Decision.Column column : seal.decision().columns()) {
                // Lineage goes through a view to its tables, so what is touched of the view itself is not known.
                boolean shown = seal.ofView()
                        ? !column.denied()
                        : touches(touched, seal.decision().table(), column, "read");
                if (shown) {
                    rows.column(seal.decision(), column, "read", computedBy(seal, column));
                }
                if (touches(touched, seal.decision().table(), column, "filter")) {
                    rows.rawFilter(seal.decision(), column);
                }
                if (touches(touched, seal.decision().table(), column, "join")) {
                    rows.rawJoin(seal.decision(), column);
                }
                if (touches(touched, seal.decision().table(), column, TraceStage.POLICY)) {
                    rows.readByPolicy(seal.decision(), column);
                }
            }
        }
        Body.Target target = TraceStage.target(about.body());
        if (target != null) {
            rows.table(target.decision());
            target.decision().columns().stream()
                    .filter(column -> touches(touched, target.name(), column, "write"))
                    .forEach(column -> rows.column(target.decision(), column, "write", null));
        }
        guarded.judgement().tripped().forEach(rows::guardrail);
        guarded.judgement().onRows().forEach(rows::onRows);
        rows.verdict(guarded.judgement().verdict());
        List<Plan> plans = planning.apply(question);
        // The last is the statement's own; a policy's look-ups come before.
        List<Plan> told = rows.definitions ? plans : plans.subList(plans.size() - 1, plans.size());
        told.forEach(plan -> sqlOf(plan).forEach(rows::sourceSql));
        return new Plan.Known(rowType(about.validated().space().cluster().getTypeFactory()), rows.rows);
    }

    private static boolean touches(List<ColumnAccess> touched, TableName table, Decision.Column column, String access) {
        return touched.stream()
                .anyMatch(one -> one.table().equals(table)
                        && one.column().equals(column.name())
                        && one.access().equals(access));
    }

    /** Where a mask is computed: by the table's source in its own SQL, or here, right above what was read. */
    private @Nullable String computedBy(SealedScan seal, Decision.Column column) {
        if (column.mask() == null || seal.ofView()) {
            return null;
        }
        String source = seal.decision().table().catalog();
        return Pushdown.computesMask(adapters.apply(source), seal, column.name()) ? "source " + source : "engine";
    }

    /** Every text that the plan would send. */
    private static List<SourceSql> sqlOf(Plan plan) {
        if (plan instanceof Plan.Whole whole) {
            return List.of(whole.sql());
        } else if (plan instanceof Plan.Joined joined) {
            return joined.plan().sources();
        } else if (plan instanceof Plan.Define define) {
            return List.of(define.sql());
        } else if (plan instanceof Plan.Write write) {
            List<SourceSql> all = new ArrayList<>();
            Stream.of(write.check(), write.sql()).filter(Objects::nonNull).forEach(all::add);
            Plan.RowsFrom from = write.rows();
            if (from != null) {
                all.addAll(sqlOf(from.query()));
                if (from.check() != null) {
                    all.add(from.check().apply(1));
                }
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
                    ofTable("grant", decision.table(), null)
                            .rule(name, "allows " + words(grant.actions()) + until, "it covers the table");
                } else if (rule instanceof RowFilter) {
                    ofTable("row_filter", decision.table(), null)
                            .rule(name, "hides rows", "a row must meet every row filter");
                }
            }
        }

        /** A condition that sees what is stored, by a grant's word. */
        void rawFilter(Decision decision, Decision.Column column) {
            for (String grant : column.filterable()) {
                ofTable("column", decision.table(), column.name())
                        .rule(grant, "filter raw", "grant `" + grant + "` lets conditions compare the stored value");
            }
        }

        /** A join that sees what is stored, by a grant's word. */
        void rawJoin(Decision decision, Decision.Column column) {
            for (String grant : column.joinable()) {
                ofTable("column", decision.table(), column.name())
                        .rule(grant, "join raw", "grant `" + grant + "` lets joins compare the stored value");
            }
        }

        /** What a row filter or a custom mask reads besides is no business of whom it governs. */
        void readByPolicy(Decision decision, Decision.Column column) {
            if (definitions) {
                ofTable("column", decision.table(), column.name())
                        .rule(null, "read by policy", "a row filter or a custom mask reads it");
            }
        }

        /** What is compared, grouped and sorted is what is shown: so each column has one answer. */
        void column(Decision decision, Decision.Column column, String access, @Nullable String computedBy) {
            String effect = column.mask() == null
                    ? access + " raw"
                    : access + " masked by " + column.mask().kind()
                            + (column.rawInConditions()
                                    ? "; comparisons with constants may see the stored value"
                                    : "; conditions see the masked value too")
                            + (column.joinable().isEmpty() ? "" : "; joins may compare the stored value");
            ofTable("column", decision.table(), column.name())
                    .rule(column.rule(), effect, column.reason())
                    .set("computed_by", computedBy);
            for (String overridden : column.overridden()) {
                ofTable("column", decision.table(), column.name())
                        .rule(overridden, "overridden", "`" + column.rule() + "` comes first");
            }
        }

        void guardrail(GuardrailRule rule) {
            new Row("guardrail").rule(rule.name(), word(rule.action()), "every condition it names holds");
        }

        void onRows(GuardrailRule rule) {
            new Row("guardrail")
                    .rule(rule.name(), word(rule.action()), "once it writes more than " + rule.rowsOver() + " rows");
        }

        void verdict(GuardrailRule.Verdict verdict) {
            new Row("verdict").rule(null, word(verdict), "the strictest guardrail that applies decides");
        }

        void sourceSql(SourceSql sql) {
            new Row("source_sql")
                    .set("catalog_name", sql.source())
                    .set("effect", "sent to the source")
                    .set("source_sql", definitions ? sql.text() : null);
        }

        private Row ofTable(String item, TableName table, @Nullable String column) {
            return new Row(item)
                    .set("catalog_name", table.catalog())
                    .set("schema_name", table.schema())
                    .set("table_name", table.table())
                    .set("column_name", column);
        }

        /** One row, added as it is made. */
        private final class Row {
            private final @Nullable Object[] values = new @Nullable Object[COLUMNS.size()];

            Row(String item) {
                set("item", item);
                rows.add(values);
            }

            Row rule(@Nullable String name, String effect, String reason) {
                set("definition", definitions && name != null ? definition(name) : null);
                return set("rule", name).set("effect", effect).set("reason", reason);
            }

            Row set(String column, @Nullable String value) {
                values[COLUMNS.indexOf(column)] = value;
                return this;
            }
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
