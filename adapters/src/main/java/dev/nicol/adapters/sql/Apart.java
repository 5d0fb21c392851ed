package dev.nicol.adapters.sql;

import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.SingleRel;

/** A sub-select of its own. Public because Calcite finds what visits it by reflection. */
public final class Apart extends SingleRel {
    Apart(RelNode input) {
        super(input.getCluster(), input.getTraitSet(), input);
    }
}
