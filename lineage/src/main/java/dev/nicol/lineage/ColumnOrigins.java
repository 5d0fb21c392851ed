package dev.nicol.lineage;

import dev.nicol.lineage.LineageEdge.Kind;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Where the values of one column or expression come from.
 *
 * @param direct the columns whose values flow into it
 * @param conditional the columns that choose between its values; true where every path from there passed a mask
 */
record ColumnOrigins(Map<Origin, Flow> direct, Map<Origin, Boolean> conditional) {
    static final ColumnOrigins NONE = new ColumnOrigins(Map.of(), Map.of());

    ColumnOrigins {
        direct = Collections.unmodifiableMap(direct);
        conditional = Collections.unmodifiableMap(conditional);
    }

    /**
     * How values flow.
     *
     * @param kind a direct kind, the strongest of all paths
     * @param masked every path passed a mask
     */
    record Flow(Kind kind, boolean masked) {
        Flow merge(Flow other) {
            return new Flow(stronger(kind, other.kind), masked && other.masked);
        }

        Flow atLeast(Kind minimum) {
            return new Flow(stronger(kind, minimum), masked);
        }

        private static Kind stronger(Kind one, Kind other) {
            return one.compareTo(other) >= 0 ? one : other;
        }
    }

    static ColumnOrigins stored(Origin origin) {
        return new ColumnOrigins(Map.of(origin, new Flow(Kind.IDENTITY, false)), Map.of());
    }

    static ColumnOrigins merge(Iterable<ColumnOrigins> parts) {
        ColumnOrigins all = NONE;
        for (ColumnOrigins part : parts) {
            all = all.merge(part);
        }
        return all;
    }

    ColumnOrigins merge(ColumnOrigins other) {
        if (other.isEmpty()) {
            return this;
        }
        if (isEmpty()) {
            return other;
        }
        Map<Origin, Flow> flows = new LinkedHashMap<>(direct);
        other.direct.forEach((origin, flow) -> flows.merge(origin, flow, Flow::merge));
        Map<Origin, Boolean> choices = new LinkedHashMap<>(conditional);
        other.conditional.forEach((origin, masked) -> choices.merge(origin, masked, Boolean::logicalAnd));
        return new ColumnOrigins(flows, choices);
    }

    boolean isEmpty() {
        return direct.isEmpty() && conditional.isEmpty();
    }

    /** Passed through an operation of that kind. */
    ColumnOrigins atLeast(Kind kind) {
        return new ColumnOrigins(mapped(flow -> flow.atLeast(kind)), conditional);
    }

    /** Used to choose between values. */
    ColumnOrigins asCondition() {
        return new ColumnOrigins(Map.of(), all());
    }

    /** Passed through a mask: what the mask only tests tells as much of the value as what it copies. */
    ColumnOrigins masked() {
        Map<Origin, Flow> flows = new LinkedHashMap<>(mapped(flow -> flow.atLeast(Kind.TRANSFORMATION)));
        conditional.keySet().forEach(origin -> flows.putIfAbsent(origin, new Flow(Kind.TRANSFORMATION, true)));
        flows.replaceAll((origin, flow) -> new Flow(flow.kind(), true));
        return new ColumnOrigins(flows, Map.of());
    }

    /** Every column that has a say, direct or not, with whether every path from it passed a mask. */
    Map<Origin, Boolean> all() {
        Map<Origin, Boolean> all = new LinkedHashMap<>(conditional);
        direct.forEach((origin, flow) -> all.merge(origin, flow.masked(), Boolean::logicalAnd));
        return all;
    }

    private Map<Origin, Flow> mapped(UnaryOperator<Flow> change) {
        Map<Origin, Flow> flows = new LinkedHashMap<>(direct);
        flows.replaceAll((origin, flow) -> change.apply(flow));
        return flows;
    }
}
