package dev.nicol.policy.classify;

/**
 * One entity found in a column.
 *
 * @param entity the tag, such as {@code EMAIL}
 * @param confidence from 0 to 1
 * @param evidence why, in words: what of name, type and values spoke for it; never a sampled value
 */
public record Classification(String entity, double confidence, String evidence) {}
