package dev.nicol.policy.classify;

/** Knows one kind of entity: what its columns are called, declared as, and hold. {@link Score} weighs that, alike for all. */
interface Detector {
    /** The tag, in upper case, such as {@code EMAIL}. */
    String entity();

    Clues clues();
}
