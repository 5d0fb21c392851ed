package dev.nicol.adapters.federation;

/**
 * When one side of a join is read first and its keys are sent to the source of the other side.
 *
 * @param most keys of one column; with more, the other side is read whole. 0: no keys are sent
 * @param fromRows how many rows the other side is thought to have, at least; 0: keys are sent whatever that leaves out
 */
public record JoinKeyBounds(int most, long fromRows) {
    public static final int MOST = 1_000_000;
    public static final JoinKeyBounds DEFAULT = new JoinKeyBounds(20_000, 1_000);

    public JoinKeyBounds {
        if (most < 0 || most > MOST || fromRows < 0) {
            throw new IllegalArgumentException("keys of joins: " + most + " from " + fromRows + " rows");
        }
    }

    /** Whether nothing is estimated. */
    boolean always() {
        return fromRows == 0;
    }
}
