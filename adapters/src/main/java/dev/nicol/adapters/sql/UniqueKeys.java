package dev.nicol.adapters.sql;

import dev.nicol.policy.rewrite.SealedScan;
import java.util.List;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.ImmutableBitSet;

/** What a table's unique keys say of a sealed scan of it. */
public final class UniqueKeys {
    private UniqueKeys() {}

    /**
     * Whether constants are given for all columns of a unique key, so that there is one row at most.
     *
     * @param conditions all ANDed, over the scan's output; a masked column is no key's column
     */
    public static boolean areGiven(SealedScan scan, List<RexNode> conditions) {
        List<ImmutableBitSet> keys = scan.ofView() ? null : scan.getTable().getKeys();
        if (keys == null) {
            return false;
        }
        ImmutableBitSet.Builder given = ImmutableBitSet.builder();
        for (RexNode condition : conditions) {
            if (condition.getKind() == SqlKind.EQUALS) {
                List<RexNode> sides = ((RexCall) condition).getOperands();
                give(scan, sides.get(0), sides.get(1), given);
                give(scan, sides.get(1), sides.get(0), given);
            }
        }
        ImmutableBitSet columns = given.build();
        return keys.stream().anyMatch(columns::contains);
    }

    /** @param given takes the stored column, as keys count it */
    private static void give(SealedScan scan, RexNode column, RexNode value, ImmutableBitSet.Builder given) {
        if (column instanceof RexInputRef reference && RexUtil.isConstant(value)) {
            int stored = scan.storedColumn(reference.getIndex());
            if (stored >= 0) {
                given.set(stored);
            }
        }
    }
}
