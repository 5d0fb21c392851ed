package dev.nicol.policy.classify;

/** Something that is known of an entity's values. */
interface ValueClue {
    /** Weighs the column's values, of which there is at least one. */
    Finding weigh(Column column);

    /**
     * What the values say.
     *
     * @param weight the logarithm of how much likelier these values are if the column holds the entity
     * @param matching which of the column's values are the entity's, by position
     * @param words for the evidence, without any value
     */
    record Finding(double weight, java.util.BitSet matching, String words) {}
}
