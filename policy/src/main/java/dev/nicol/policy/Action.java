package dev.nicol.policy;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What a grant can allow on a table. In policy files lower case; {@code ddl} stands for the last four. */
public enum Action {
    SELECT,
    INSERT,
    UPDATE,
    DELETE,
    CREATE,
    DROP,
    ALTER,
    TRUNCATE;

    /** The actions a policy file's word stands for; empty when the word is unknown. */
    public static Set<Action> named(String word) {
        if (word.equalsIgnoreCase("ddl")) {
            return EnumSet.of(CREATE, DROP, ALTER, TRUNCATE);
        }
        for (Action action : values()) {
            if (action.name().toLowerCase(Locale.ROOT).equals(word.toLowerCase(Locale.ROOT))) {
                return EnumSet.of(action);
            }
        }
        return EnumSet.noneOf(Action.class);
    }
}
