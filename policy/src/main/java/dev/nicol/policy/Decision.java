package dev.nicol.policy;

import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.mask.Mask;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one subject may do with one table. A table without a granted action does not exist for the subject.
 *
 * @param actions empty: the table does not exist
 * @param columns one per column of the table, in order
 * @param rowFilters all must hold, for rows that are read and for rows that are written
 * @param rules names of every rule this rests on, in the order of the policy set
 * @param validUntil when a grant this rests on ends; null: never
 */
public record Decision(
        TableName table,
        Set<Action> actions,
        List<Column> columns,
        List<RowFilter> rowFilters,
        List<String> rules,
        @Nullable Instant validUntil) {
    /** What puts values of the subject's choice into a table. */
    private static final Set<Action> FILLING = Set.of(Action.INSERT, Action.UPDATE, Action.CREATE, Action.ALTER);

    /** The catalogue of the system's own tables. */
    private static final String SYSTEM = "nicol";

    public Decision {
        actions = Set.copyOf(actions);
        columns = List.copyOf(columns);
        rowFilters = List.copyOf(rowFilters);
        rules = List.copyOf(rules);
    }

    /**
     * One column.
     *
     * @param denied the column does not exist for the subject
     * @param mask null: the raw value is shown
     * @param rule the rule that masks or denies it; null where none does
     * @param reason why it is shown as it is, naming rules but no rule's text
     * @param overridden names of mask rules that would apply if {@code rule} did not come before them
     * @param filterable names of the grants by which total conditions against constants see the stored value of a masked
     *     column; empty: they see the mask
     * @param joinable names of the grants by which joins compare the stored value of a masked column; empty: they see the mask
     */
    public record Column(
            String name,
            boolean denied,
            @Nullable Mask mask,
            @Nullable String rule,
            String reason,
            List<String> overridden,
            List<String> filterable,
            List<String> joinable) {
        public Column {
            overridden = List.copyOf(overridden);
            filterable = List.copyOf(filterable);
            joinable = List.copyOf(joinable);
        }

        /** A column that conditions and joins see as it is shown. */
        public Column(
                String name,
                boolean denied,
                @Nullable Mask mask,
                @Nullable String rule,
                String reason,
                List<String> overridden) {
            this(name, denied, mask, rule, reason, overridden, List.of(), List.of());
        }

        /** Whether conditions may see the stored value while everything else sees the mask. */
        public boolean rawInConditions() {
            return !denied && mask != null && !filterable.isEmpty();
        }
    }

    /**
     * Whether a join may compare what is stored in that column: it is shown, or a grant opens it to joins. Never in a table
     * that the subject fills: whoever chooses what is compared asks for values. The system's own tables hold the subject's
     * words too.
     *
     * @param column its place in {@link #columns}
     */
    public boolean comparesRaw(int column) {
        Column decided = columns.get(column);
        return !decided.denied()
                && (decided.mask() == null || !decided.joinable().isEmpty())
                && actions.stream().noneMatch(FILLING::contains)
                && !table.catalog().equals(SYSTEM);
    }

    public boolean visible() {
        return !actions.isEmpty();
    }

    public boolean allows(Action action) {
        return actions.contains(action);
    }
}
