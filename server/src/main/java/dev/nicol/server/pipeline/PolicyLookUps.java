package dev.nicol.server.pipeline;

import dev.nicol.adapters.execution.SourceExecution;
import dev.nicol.adapters.sql.Pushdown;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.rewrite.LookUpReader;
import dev.nicol.policy.rewrite.LookUps;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import dev.nicol.server.catalog.GovernedCatalog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexNode;
import org.jspecify.annotations.Nullable;

/**
 * What policies look up in other sources than the data's, in one execution: read before the statement itself, by nobody's
 * policy, and used in row filters only. Fails closed: where a look-up fails, nothing is shown.
 */
final class PolicyLookUps implements LookUpReader {
    private final SourceExecution execution;
    private final Function<RelNode, ResultCursor.Rows> queries;

    /** @param queries runs a look-up */
    PolicyLookUps(SourceExecution execution, Function<RelNode, ResultCursor.Rows> queries) {
        this.execution = execution;
        this.queries = queries;
    }

    @Override
    public List<List<@Nullable Object>> rows(RelNode query, int most) {
        Set<List<@Nullable Object>> distinct = new LinkedHashSet<>();
        // Distinct here and not there: a source may hold values to be equal which the data's source tells apart.
        try (ResultCursor.Rows rows = queries.apply(query)) {
            @Nullable Object @Nullable [] row = rows.next();
            while (row != null && distinct.size() <= most) {
                execution.memory().hold(row);
                distinct.add(Collections.unmodifiableList(Arrays.asList(row.clone())));
                row = rows.next();
            }
        } catch (RuntimeException failure) {
            throw refused(failure);
        }
        return List.copyOf(distinct);
    }

    private static NicolException refused(RuntimeException failure) {
        NicolException known = Failures.of(failure);
        return switch (known.error()) {
            case CANCELLED, TOO_MANY, OUT_OF_BUDGET -> known;
            default ->
                NicolError.NOT_PERMITTED.because(
                        "A policy on the tables of this statement cannot be applied now, so nothing is shown. Try again; if"
                                + " it stays, tell a steward.",
                        "look-up: " + known.getMessage() + (known.detail() == null ? "" : " | " + known.detail()),
                        known);
        };
    }

    @Override
    public int parameter(@Nullable Object value, RelDataType type) {
        return FIRST_PARAMETER + execution.keep(value);
    }

    /** Whether any policy of a statement looks up another source. */
    static boolean needed(Body body) {
        return body instanceof Body.Insert insert && LookUps.needed(insert.sealed())
                || ConvertStage.plans(body).stream().anyMatch(LookUps::needed);
    }

    /** Refuses look-ups that can never be bound, before anything runs. */
    static void refuseUnsupported(Body body) {
        bound(body, new LookUps(LookUpReader.NONE));
    }

    /** Refuses a statement whose policies look up a source that is known to be down; which one is not told. */
    static void refuseUnavailable(Body body, GovernedCatalog catalog) {
        List<SealedScan> seals = new ArrayList<>();
        ConvertStage.plans(body).forEach(plan -> seals.addAll(Seals.in(plan)));
        if (body instanceof Body.Insert insert) {
            seals.add(insert.sealed());
        }
        for (SealedScan scan : seals) {
            for (String source : Pushdown.sources(scan)) {
                String reason = catalog.source(source).unavailable();
                if (reason != null) {
                    throw refused(NicolError.SOURCE_FAILED.because(reason));
                }
            }
        }
    }

    /** The statement with every look-up bound. */
    static Body bound(Body body, LookUps lookUps) {
        if (body instanceof Body.Query query) {
            return bound(query, lookUps);
        } else if (body instanceof Body.Insert insert) {
            return new Body.Insert(
                    insert.target(),
                    insert.columns(),
                    lookUps.bound(insert.input()),
                    lookUps.bound(insert.sealed()),
                    insert.guarded(),
                    insert.replaces());
        } else if (body instanceof Body.Change change) {
            Map<String, RexNode> assignments = new LinkedHashMap<>();
            change.assignments().forEach((column, value) -> assignments.put(column, lookUps.bound(value)));
            return new Body.Change(
                    change.target(),
                    lookUps.bound(change.scan()),
                    assignments,
                    lookUps.bound(change.condition()),
                    change.outer(),
                    lookUps.bound(change.read()));
        } else if (body instanceof Body.Definition definition && definition.query() != null) {
            return new Body.Definition(
                    definition.target(),
                    definition.stored(),
                    definition.statement(),
                    bound(definition.query(), lookUps));
        }
        return body;
    }

    private static Body.Query bound(Body.Query query, LookUps lookUps) {
        return new Body.Query(lookUps.bound(query.plan()), query.rowType());
    }
}
