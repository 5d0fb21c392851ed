package dev.nicol.policy.classify;

/** What a phrase in a column's name is worth, as the logarithm of how much likelier it is where the entity is. */
enum NameClue {
    TELLING(8.0),
    SUGGESTING(3.5),
    HINTING(1.5),
    MISLEADING(-7.0);

    private final double weight;

    NameClue(double weight) {
        this.weight = weight;
    }

    double weight() {
        return weight;
    }
}
