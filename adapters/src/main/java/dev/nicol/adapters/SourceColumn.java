package dev.nicol.adapters;

import org.apache.calcite.rel.type.RelDataType;
import org.jspecify.annotations.Nullable;

/**
 * One column as its source declares it.
 *
 * @param type nullable where the column is; never narrower than the source's own
 * @param nativeType the source's own name of the type, such as {@code int4} or {@code longtext}
 * @param defaultExpression as the source prints it; null where there is none
 * @param generated identity, auto-increment or computed: an INSERT may leave it out
 */
public record SourceColumn(
        String name,
        RelDataType type,
        String nativeType,
        @Nullable String defaultExpression,
        boolean generated,
        @Nullable String comment) {}
