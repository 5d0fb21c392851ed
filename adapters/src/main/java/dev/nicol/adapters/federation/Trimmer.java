package dev.nicol.adapters.federation;

import dev.nicol.adapters.sql.Whole;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql2rel.RelFieldTrimmer;
import org.apache.calcite.tools.RelBuilder;
import org.apache.calcite.util.ImmutableBitSet;
import org.apache.calcite.util.mapping.Mapping;
import org.apache.calcite.util.mapping.MappingType;
import org.apache.calcite.util.mapping.Mappings;

/** Asks sealed scans for the columns in use only. Public because Calcite finds its methods by reflection. */
public final class Trimmer extends RelFieldTrimmer {
    Trimmer(RelBuilder builder) {
        super(null, builder);
    }

    /** Called by Calcite's dispatch. */
    public TrimResult trimFields(SealedScan scan, ImmutableBitSet used, Set<RelDataTypeField> extra) {
        return ofLeaf(scan, used);
    }

    /** Called by Calcite's dispatch. */
    public TrimResult trimFields(Whole whole, ImmutableBitSet used, Set<RelDataTypeField> extra) {
        return ofLeaf(whole, used);
    }

    private TrimResult ofLeaf(RelNode scan, ImmutableBitSet used) {
        int width = scan.getRowType().getFieldCount();
        ImmutableBitSet kept = used.isEmpty() ? ImmutableBitSet.of(0) : used;
        if (kept.cardinality() == width) {
            return result(scan, Mappings.createIdentity(width));
        }
        Mapping mapping = Mappings.create(MappingType.INVERSE_SURJECTION, width, kept.cardinality());
        List<RexNode> fields = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int field : kept) {
            mapping.set(field, fields.size());
            fields.add(scan.getCluster().getRexBuilder().makeInputRef(scan, field));
            names.add(scan.getRowType().getFieldNames().get(field));
        }
        return result(LogicalProject.create(scan, List.of(), fields, names, Set.of()), mapping);
    }
}
