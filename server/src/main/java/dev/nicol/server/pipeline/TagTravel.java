package dev.nicol.server.pipeline;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.lineage.LineageEdge.Kind;
import dev.nicol.policy.Decision;
import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classification;
import dev.nicol.policy.classify.Classifications;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.classification.Examiner;
import dev.nicol.server.classification.TagFlow;
import dev.nicol.server.classification.TagRegistry;
import dev.nicol.server.parser.AlterTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.calcite.rel.RelNode;

/**
 * Lets tags go with values. Before a write runs, the columns it fills durably get the tags of those it reads, masked or
 * not: a copy is governed as its origin is. Should the write fail, they keep them: too much is hidden, never too little.
 */
final class TagTravel {
    private final TagRegistry registry;
    private final Examiner examiner;
    private final Supplier<CatalogSnapshot> snapshot;

    TagTravel(TagRegistry registry, Examiner examiner, Supplier<CatalogSnapshot> snapshot) {
        this.registry = registry;
        this.examiner = examiner;
        this.snapshot = snapshot;
    }

    /**
     * Tags what the statement is about to fill.
     *
     * @throws dev.nicol.policy.NicolException {@code TRAIL_UNAVAILABLE}: it must not run
     */
    void before(PlannedStatement planned) {
        TracedStatement traced = planned.admitted().guarded().traced();
        Body body = traced.governed().body();
        String userName = planned.invocation().subject().userName();
        if (body instanceof Body.Insert insert) {
            carry(insert.target().name(), insert.columns(), insert.input(), traced.lineage(), userName);
        } else if (body instanceof Body.Change change && !change.assignments().isEmpty()) {
            List<String> columns = List.copyOf(change.assignments().keySet());
            carry(change.target().name(), columns, change.read(), traced.lineage(), userName);
        } else if (body instanceof Body.Definition definition) {
            define(definition, traced.lineage(), userName);
        }
    }

    private void define(Body.Definition definition, Lineage lineage, String userName) {
        TableName target = definition.target();
        Body.Query query = definition.query();
        if (query != null) {
            carry(target, definition.columns(), query.plan(), lineage, userName);
        } else if (definition.statement() instanceof AlterTable alter) {
            if (alter.change() instanceof AlterTable.RenameTable rename) {
                TableName renamed = new TableName(
                        target.catalog(), target.schema(), rename.renamed().getSimple());
                registry.renameTable(target, renamed, userName);
            } else if (alter.change() instanceof AlterTable.RenameColumn rename) {
                String stored = definition.stored() == null
                        ? rename.name().getSimple()
                        : definition.stored().table().columns().stream()
                                .map(column -> column.name())
                                .filter(rename.name().getSimple()::equalsIgnoreCase)
                                .findFirst()
                                .orElse(rename.name().getSimple());
                registry.renameColumn(target, stored, rename.renamed().getSimple(), userName);
            }
        }
    }

    private void carry(TableName target, List<String> columns, RelNode plan, Lineage asked, String userName) {
        Lineage lineage = outOf(target, asked.complete() ? asked : everything(columns, plan));
        if (lineage.edges().isEmpty()) {
            return;
        }
        Map<String, List<Classification>> tags = along(lineage);
        if (tags.values().stream().anyMatch(TagTravel::isUnknown)) {
            examiner.examine(Examiner.WRITE_WAIT);
            tags = along(lineage);
        }
        registry.carry(target, tags, userName);
    }

    private Map<String, List<Classification>> along(Lineage lineage) {
        return TagFlow.along(lineage, registry.apply(snapshot.get()), "copied from");
    }

    private static boolean isUnknown(List<Classification> tags) {
        return tags.stream().anyMatch(tag -> tag.entity().equals(Classifications.UNCLASSIFIED));
    }

    /** A column does not copy itself. */
    private static Lineage outOf(TableName target, Lineage lineage) {
        return new Lineage(
                true,
                lineage.edges().stream()
                        .filter(edge -> !(edge.sourceTable().equals(target)
                                && edge.sourceColumn().equals(edge.targetColumn())))
                        .toList());
    }

    /** Where it cannot be told what flows where, everything that is read flows everywhere. */
    private static Lineage everything(List<String> columns, RelNode plan) {
        List<LineageEdge> edges = new ArrayList<>();
        for (SealedScan scan : Seals.in(plan)) {
            for (Decision.Column read : scan.decision().columns()) {
                for (int ordinal = 1; !read.denied() && ordinal <= columns.size(); ordinal++) {
                    edges.add(new LineageEdge(
                            columns.get(ordinal - 1),
                            ordinal,
                            scan.decision().table(),
                            read.name(),
                            Kind.TRANSFORMATION,
                            false));
                }
            }
        }
        return new Lineage(true, edges);
    }

    /** Rows have been written: where they make a table larger than what was known of it, it is looked at again. */
    void after(PlannedStatement planned, long rows) {
        Body body = planned.admitted().guarded().traced().governed().body();
        Body.Target target = TraceStage.target(body);
        boolean fills = body instanceof Body.Insert
                || body instanceof Body.Change change && !change.assignments().isEmpty();
        if (target == null || !fills || rows == 0) {
            return;
        }
        Session session = planned.invocation().session();
        if (session.autoCommit() && !session.connections().inTransaction()) {
            examiner.written(target.name(), rows);
        } else {
            session.wrote(target.name(), rows);
        }
    }

    /** What the session wrote is there for others now. */
    void committed(Session session) {
        session.endWrites().forEach(examiner::written);
    }
}
