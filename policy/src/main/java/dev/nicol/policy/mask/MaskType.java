package dev.nicol.policy.mask;

import java.util.Map;
import java.util.Set;

/**
 * A kind of mask as policy files know it.
 *
 * @param parameters the parameter names it takes; others are refused when the file is loaded
 * @param lists those of them that are lists of text; the others are single values
 * @param create makes the mask from its parameters; throws {@link IllegalArgumentException} that says what is wrong
 */
public record MaskType(String kind, Set<String> parameters, Set<String> lists, Factory create) {
    /** A kind whose parameters are single values. */
    MaskType(String kind, Set<String> parameters, Factory create) {
        this(kind, parameters, Set.of(), create);
    }

    /** Whether that parameter is a list of text. */
    public boolean takesList(String parameter) {
        return lists.contains(parameter);
    }

    /** Reads one mask's parameters. */
    @FunctionalInterface
    public interface Factory {
        Mask from(Map<String, Object> parameters);
    }
}
