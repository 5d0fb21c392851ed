package dev.nicol.policy.classify;

import java.util.Optional;

/** Finds one kind of entity. */
public interface Detector {
    /** The tag, in upper case, such as {@code EMAIL}. */
    String entity();

    /** What speaks for this entity in the column; empty where that is not enough. */
    Optional<Classification> detect(ColumnSample sample);
}
