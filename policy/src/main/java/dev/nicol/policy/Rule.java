package dev.nicol.policy;

/** One named entry of a policy file. */
public interface Rule {
    /** Unique within a policy set. */
    String name();

    Audience audience();
}
