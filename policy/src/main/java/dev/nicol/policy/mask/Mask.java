package dev.nicol.policy.mask;

import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.jspecify.annotations.Nullable;

/**
 * Replaces a column's value. NULL stays NULL, and the result has the column's type family, so that a masked table keeps
 * its shape. Implementations are immutable records; equal parameters make equal masks, and {@code toString} writes them
 * as a policy file does, the same on every run.
 */
public interface Mask {
    /** The name in policy files, such as {@code partial}. */
    String kind();

    /** Why this mask cannot stand on a column of that type; null when it can. */
    @Nullable
    String misfit(RelDataType columnType);

    /**
     * The masked value as an expression over the raw one.
     *
     * @param raw the column as it is read from the source
     * @return an expression of {@code raw}'s type; text that could be cut or padded becomes text of unspecified length,
     *     and {@code null} makes any type nullable
     */
    RexNode apply(RexBuilder builder, RexNode raw);

    /**
     * Whether a value looks like what this mask shows: whoever writes it has read it here, and would put it over the real
     * one.
     *
     * @param value text as it is, a number in plain digits
     */
    default boolean sentinel(String value) {
        return false;
    }
}
