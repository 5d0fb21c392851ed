package dev.nicol.server.differential;

import dev.nicol.server.differential.Fixture.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The columns that an expression may name.
 *
 * @param outer what a sub-query may name besides its own
 */
record Scope(List<Field> fields, @Nullable Scope outer) {
    /**
     * A column by the name it has here.
     *
     * @param table where it is a stored table's own; null for what a query made
     */
    record Field(String name, Type type, @Nullable String table, String column) {}

    /** Now and then one of an outer query's; null where there is none of that type. */
    @Nullable
    Field any(Random random, @Nullable Type type) {
        List<Field> fitting = new ArrayList<>(fields);
        if (outer != null && (fields.isEmpty() || random.nextInt(3) == 0)) {
            Field from = outer.any(random, type);
            if (from != null) {
                return from;
            }
        }
        fitting.removeIf(field -> type != null && field.type() != type);
        return fitting.isEmpty() ? null : fitting.get(random.nextInt(fitting.size()));
    }
}
