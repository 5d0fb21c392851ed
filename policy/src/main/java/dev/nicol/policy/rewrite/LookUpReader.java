package dev.nicol.policy.rewrite;

import java.util.Collections;
import java.util.List;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/** Runs a policy's look-ups at their sources for one execution of one statement, and keeps their values for it. */
public interface LookUpReader {
    /**
     * The distinct rows of a query over stored tables: no subject's policy applies, and nothing of them may be shown.
     *
     * @param most stop when there are more: {@code most + 1} rows say so
     * @throws dev.nicol.policy.NicolException {@code NOT_PERMITTED} where it cannot be run: nothing is shown then
     */
    List<List<@Nullable Object>> rows(RelNode query, int most);

    /** The index of the parameter that stands for a value in this execution. */
    int parameter(@Nullable Object value, RelDataType type);

    /**
     * Reads nothing and answers one row of NULLs: shows whether look-ups can be bound, and the shape of what a source
     * would get.
     */
    LookUpReader NONE = new LookUpReader() {
        @Override
        public List<List<@Nullable Object>> rows(RelNode query, int most) {
            return List.of(Collections.nCopies(query.getRowType().getFieldCount(), null));
        }

        @Override
        public int parameter(@Nullable Object value, RelDataType type) {
            return FIRST_PARAMETER;
        }
    };

    /** Parameters of look-ups have indexes from here; those of statements and identities lie below. */
    int FIRST_PARAMETER = 1_000_000_000;
}
