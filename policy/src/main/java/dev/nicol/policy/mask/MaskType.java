package dev.nicol.policy.mask;

import java.util.Map;
import java.util.Set;

/**
 * A kind of mask as policy files know it.
 *
 * @param parameters the parameter names it takes; others are refused when the file is loaded
 * @param create makes the mask from its parameters; throws {@link IllegalArgumentException} that says what is wrong
 */
public record MaskType(String kind, Set<String> parameters, Factory create) {
    /** Reads one mask's parameters. */
    @FunctionalInterface
    public interface Factory {
        Mask from(Map<String, Object> parameters);
    }
}
