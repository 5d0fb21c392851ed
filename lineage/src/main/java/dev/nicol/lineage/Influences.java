package dev.nicol.lineage;

import dev.nicol.lineage.LineageEdge.Kind;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Collects the columns that bear on the statement as a whole: which rows there are, and in which order. */
final class Influences {
    /**
     * One column's bearing on the statement.
     *
     * @param kind an indirect kind
     */
    record Influence(Origin origin, Kind kind) {}

    private final Map<Influence, Boolean> masked;
    private final Map<Origin, Boolean> mentioned;
    private final Parameters parameters;
    private final @Nullable Kind fixed;

    Influences() {
        this(new LinkedHashMap<>(), new LinkedHashMap<>(), new Parameters(), null);
    }

    private Influences(
            Map<Influence, Boolean> masked,
            Map<Origin, Boolean> mentioned,
            Parameters parameters,
            @Nullable Kind fixed) {
        this.masked = masked;
        this.mentioned = mentioned;
        this.parameters = parameters;
        this.fixed = fixed;
    }

    /** A view of this that records everything as a policy's doing. */
    Influences ofPolicy() {
        return new Influences(masked, mentioned, parameters, Kind.POLICY_FILTER);
    }

    /** What stands beside the statement's parameters. */
    Parameters parameters() {
        return parameters;
    }

    void add(Kind kind, ColumnOrigins used) {
        used.all()
                .forEach((origin, behindMask) -> masked.merge(
                        new Influence(origin, fixed == null ? kind : fixed), behindMask, Boolean::logicalAnd));
    }

    /** Columns that a projection computes with, whether or not anything comes of it. */
    void mention(Iterable<ColumnOrigins> columns) {
        columns.forEach(
                column -> column.all().forEach((origin, mask) -> mentioned.merge(origin, mask, Boolean::logicalAnd)));
    }

    /** Each of these columns, with whether every path from it passed a mask. */
    Map<Origin, Boolean> mentioned() {
        return mentioned;
    }

    /** Each influence, with whether every path from its column passed a mask. */
    Map<Influence, Boolean> recorded() {
        return masked;
    }
}
