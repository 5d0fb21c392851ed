package dev.nicol.server.pipeline;

import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.lineage.LineageExtractor;
import dev.nicol.policy.Decision;
import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classification;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.audit.AuditTrail.ColumnAccess;
import dev.nicol.server.catalog.GovernedCatalog;
import dev.nicol.server.parser.CreateMaterializedView;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.ddl.SqlCreateView;
import org.jspecify.annotations.Nullable;

/** Stage 4. What was asked for: lineage of the governed plan before anything optimises it, and the columns touched. */
final class TraceStage {
    /** The access of a column that a policy alone reads. */
    static final String POLICY = "policy";

    TracedStatement trace(GovernedStatement governed) {
        GovernedCatalog catalog = governed.validated().catalog();
        if (governed.body() instanceof Body.Command command && command.defines() != null) {
            SqlCreateView create = Objects.requireNonNull(CreateMaterializedView.viewOf(command.statement()));
            return defined(governed, create, command.defines());
        }
        List<RelNode> plans = ConvertStage.plans(governed.body());
        Lineage lineage = lineage(governed.body(), plans);
        Map<TableName, Decision> decisions = new HashMap<>();
        for (RelNode plan : plans) {
            for (SealedScan scan : Seals.in(plan)) {
                decisions.put(scan.decision().table(), scan.decision());
            }
        }
        Set<ColumnAccess> columns = new LinkedHashSet<>(reads(catalog, lineage, decisions));
        plans.forEach(plan -> Seals.in(plan).forEach(scan -> columns.addAll(rawJoins(catalog, scan))));
        Set<String> rules = new LinkedHashSet<>();
        Body.Target target = target(governed.body());
        if (target != null) {
            decisions.put(target.name(), target.decision());
            written(governed.body())
                    .forEach(column -> columns.add(access(catalog, target.decision(), column, "write")));
        }
        decisions.values().forEach(decision -> rules.addAll(decision.rules()));
        List<LineageEdge> stops = ViewStops.of(governed.validated());
        return TracedStatement.of(
                governed, filled(governed.body()), lineage, stops, List.copyOf(columns), List.copyOf(rules));
    }

    /**
     * A view's definition moves no values: its edges say what would flow to whoever reads it. Masks and filters are the
     * reader's, so those of its author do not count, nor does what they alone read.
     */
    private static TracedStatement defined(GovernedStatement governed, SqlCreateView create, Body.Query query) {
        Map<TableName, Decision> decisions = new HashMap<>();
        Seals.in(query.plan()).forEach(scan -> decisions.put(scan.decision().table(), scan.decision()));
        Lineage found = LineageExtractor.of(query.plan()).renamed(filledColumns(governed.body()));
        List<LineageEdge> edges = found.edges().stream()
                .filter(edge -> {
                    Decision decision = decisions.get(edge.sourceTable());
                    return decision == null || !readByPolicy(edge, decision);
                })
                .map(LineageEdge::unmasked)
                .toList();
        return TracedStatement.of(
                governed,
                ViewCommands.viewName(create.name.names),
                new Lineage(found.complete(), edges),
                ViewStops.of(governed.validated()).stream()
                        .map(LineageEdge::unmasked)
                        .toList(),
                List.of(),
                List.of());
    }

    private static Lineage lineage(Body body, List<RelNode> plans) {
        return plans.isEmpty()
                ? new Lineage(true, List.of())
                : LineageExtractor.of(plans.get(0)).renamed(filledColumns(body));
    }

    /** The table that values go to; null where they go to the client. */
    private static @Nullable TableName filled(Body body) {
        Body.Target target = target(body);
        if (target != null) {
            return target.name();
        }
        return body instanceof Body.Definition definition && definition.query() != null ? definition.target() : null;
    }

    /** What the columns of a statement's plan are called where they go. */
    static List<String> filledColumns(Body body) {
        if (body instanceof Body.Definition definition) {
            return definition.columns();
        } else if (body instanceof Body.Query query) {
            return query.rowType().getFieldNames();
        } else if (body instanceof Body.Command command && command.defines() != null) {
            List<String> names = command.defines().rowType().getFieldNames();
            SqlCreateView create = CreateMaterializedView.viewOf(command.statement());
            SqlNodeList given = create == null ? null : create.columnList;
            return given == null || given.size() != names.size()
                    ? names
                    : given.stream()
                            .map(name -> ((SqlIdentifier) name).getSimple())
                            .toList();
        } else if (body instanceof Body.Explanation explanation) {
            return explanation.query().rowType().getFieldNames();
        }
        return List.copyOf(written(body));
    }

    /** The columns read: those that lineage names, or all that the plan could read where lineage is unknown. */
    private static List<ColumnAccess> reads(
            GovernedCatalog catalog, Lineage lineage, Map<TableName, Decision> decisions) {
        List<ColumnAccess> reads = new ArrayList<>();
        if (lineage.complete()) {
            List<ColumnAccess> ofPolicy = new ArrayList<>();
            for (LineageEdge edge : lineage.edges()) {
                Decision decision = decisions.get(edge.sourceTable());
                if (decision == null) {
                    continue;
                } else if (readByPolicy(edge, decision)) {
                    ColumnAccess read = access(catalog, decision, edge.sourceColumn(), POLICY);
                    ofPolicy.add(new ColumnAccess(read.table(), read.column(), read.tags(), POLICY, null, null));
                } else {
                    reads.add(
                            filtersRaw(edge, decision)
                                    ? rawFilter(catalog, decision, edge.sourceColumn())
                                    : access(catalog, decision, edge.sourceColumn(), "read"));
                }
            }
            ofPolicy.removeIf(read -> reads.stream()
                    .anyMatch(own ->
                            own.table().equals(read.table()) && own.column().equals(read.column())));
            reads.addAll(ofPolicy);
        } else {
            for (Decision decision : decisions.values()) {
                decision.columns().stream().filter(column -> !column.denied()).forEach(column -> {
                    reads.add(access(catalog, decision, column.name(), "read"));
                    if (column.rawInConditions()) {
                        reads.add(rawFilter(catalog, decision, column.name()));
                    }
                });
            }
        }
        return reads;
    }

    /** Whether a row filter or a custom mask reads the column, and not the statement, for which it need not exist. */
    private static boolean readByPolicy(LineageEdge edge, Decision decision) {
        return edge.kind() == LineageEdge.Kind.POLICY_FILTER
                || decision.columns().stream()
                        .anyMatch(column -> column.denied() && column.name().equals(edge.sourceColumn()));
    }

    /** Whether a condition saw what is stored in a column that is shown masked. */
    private static boolean filtersRaw(LineageEdge edge, Decision decision) {
        return edge.kind() == LineageEdge.Kind.FILTER
                && !edge.masked()
                && decision.columns().stream()
                        .anyMatch(column -> column.name().equals(edge.sourceColumn()) && column.rawInConditions());
    }

    private static ColumnAccess rawFilter(GovernedCatalog catalog, Decision decision, String column) {
        String grant = decision.columns().stream()
                .filter(decided -> decided.name().equals(column))
                .flatMap(decided -> decided.filterable().stream())
                .findFirst()
                .orElseThrow();
        return raw(access(catalog, decision, column, "filter"), grant);
    }

    /** The masked columns of which a join compared what is stored. */
    private static List<ColumnAccess> rawJoins(GovernedCatalog catalog, SealedScan scan) {
        return scan.keys().stream()
                .map(key -> scan.decision().columns().get(key))
                .filter(column -> column.mask() != null)
                .map(column -> raw(
                        access(catalog, scan.decision(), column.name(), "join"),
                        column.joinable().get(0)))
                .toList();
    }

    private static ColumnAccess raw(ColumnAccess shown, String grant) {
        return new ColumnAccess(shown.table(), shown.column(), shown.tags(), shown.access(), null, grant);
    }

    private static ColumnAccess access(GovernedCatalog catalog, Decision decision, String column, String access) {
        for (Decision.Column decided : decision.columns()) {
            if (decided.name().equals(column)) {
                String mask = decided.mask() == null ? null : decided.mask().kind();
                List<String> tags = catalog.classifications(decision.table(), column).stream()
                        .map(Classification::entity)
                        .distinct()
                        .sorted()
                        .toList();
                return new ColumnAccess(decision.table(), column, tags, access, mask, decided.rule());
            }
        }
        throw new IllegalStateException("the decision on " + decision.table() + " knows no column " + column);
    }

    static Body.@Nullable Target target(Body body) {
        if (body instanceof Body.Insert insert) {
            return insert.target();
        } else if (body instanceof Body.Change change) {
            return change.target();
        }
        return null;
    }

    private static Collection<String> written(Body body) {
        if (body instanceof Body.Insert insert) {
            return insert.columns();
        } else if (body instanceof Body.Change change) {
            return change.assignments().keySet();
        }
        return List.of();
    }
}
