package dev.nicol.lineage;

import dev.nicol.policy.TableName;
import org.jspecify.annotations.Nullable;

/**
 * One origin of one output column, or of the statement as a whole.
 *
 * @param targetColumn name of the output column; null for an edge that concerns every row
 * @param targetOrdinal from 1; 0 for an edge that concerns every row
 * @param kind how it got there
 * @param masked a mask stood between the stored value and the output
 */
public record LineageEdge(
        @Nullable String targetColumn,
        int targetOrdinal,
        TableName sourceTable,
        String sourceColumn,
        Kind kind,
        boolean masked) {

    /** The same without a mask. */
    public LineageEdge unmasked() {
        return masked ? new LineageEdge(targetColumn, targetOrdinal, sourceTable, sourceColumn, kind, false) : this;
    }

    /** The same under a mask. */
    public LineageEdge underMask() {
        return new LineageEdge(targetColumn, targetOrdinal, sourceTable, sourceColumn, kind, true);
    }

    /** OpenLineage's transformation subtypes, direct ones first, weakest to strongest; and our own POLICY_FILTER. */
    public enum Kind {
        IDENTITY(true),
        TRANSFORMATION(true),
        AGGREGATION(true),
        FILTER(false),
        JOIN(false),
        GROUP_BY(false),
        SORT(false),
        WINDOW(false),
        CONDITIONAL(false),
        POLICY_FILTER(false);

        private final boolean direct;

        Kind(boolean direct) {
            this.direct = direct;
        }

        public boolean direct() {
            return direct;
        }
    }
}
