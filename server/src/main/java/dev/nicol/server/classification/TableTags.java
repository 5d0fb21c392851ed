package dev.nicol.server.classification;

import dev.nicol.policy.classify.Classification;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What is known of one table; immutable.
 *
 * @param examined by column: what was found in it
 * @param carried by column: what came with values that were written through the endpoint
 */
record TableTags(Map<String, Examined> examined, Map<String, List<Carried>> carried) {
    static final TableTags NOTHING = new TableTags(Map.of(), Map.of());

    TableTags {
        examined = Map.copyOf(examined);
        carried = Map.copyOf(carried);
    }

    /**
     * One column that was looked at.
     *
     * @param structure what it was declared as; another structure is another column
     * @param sampledRows rows that were read for it
     * @param estimatedRows the source's own count of the table's rows at that time
     */
    record Examined(String structure, long sampledRows, double estimatedRows, Instant at, List<Classification> found) {
        Examined {
            found = List.copyOf(found);
        }
    }

    /** One tag that travelled. */
    record Carried(Classification tag, Instant at) {}

    boolean isEmpty() {
        return examined.isEmpty() && carried.isEmpty();
    }

    TableTags withExamined(Map<String, Examined> more) {
        Map<String, Examined> all = new HashMap<>(examined);
        all.putAll(more);
        return new TableTags(all, carried);
    }

    TableTags withCarried(Map<String, List<Carried>> replaced) {
        return new TableTags(examined, replaced);
    }
}
