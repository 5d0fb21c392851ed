package dev.nicol.adapters.sql;

import java.util.List;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.AbstractRelNode;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelWriter;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rel.type.RelDataType;

/**
 * What one source computes as it stands, sub-queries and all: a leaf while the rest is planned, for no rule to look into.
 * Public because Calcite finds what visits it by reflection.
 */
public final class Whole extends AbstractRelNode implements Pushed {
    private final RelNode inside;

    /** @param inside what one source computes */
    public Whole(RelNode inside) {
        super(inside.getCluster(), inside.getTraitSet());
        this.inside = inside;
    }

    /** The same plan with what stands inside in place of these. */
    public static RelNode opened(RelNode plan) {
        return plan.accept(new RelHomogeneousShuttle() {
            @Override
            public RelNode visit(RelNode other) {
                return other instanceof Whole whole ? whole.inside.accept(this) : super.visit(other);
            }
        });
    }

    @Override
    public RelNode pushed() {
        return inside;
    }

    @Override
    protected RelDataType deriveRowType() {
        return inside.getRowType();
    }

    @Override
    public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
        return new Whole(inside);
    }

    @Override
    public double estimateRowCount(RelMetadataQuery metadata) {
        return metadata.getRowCount(inside);
    }

    @Override
    public RelWriter explainTerms(RelWriter writer) {
        return super.explainTerms(writer).item("id", inside.getId());
    }
}
