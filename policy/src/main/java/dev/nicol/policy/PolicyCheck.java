package dev.nicol.policy;

/** Looks for mistakes in a policy set before it is put in force. */
@FunctionalInterface
public interface PolicyCheck {
    /** Finds nothing. */
    PolicyCheck NONE = (set, problems) -> {};

    /**
     * Adds every mistake it is certain of.
     *
     * @param set the rules that could be read; where other rules could not, their problems are told already
     */
    void check(PolicySet set, Problems problems);
}
