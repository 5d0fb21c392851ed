package dev.nicol.policy.classify;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What speaks for an entity and against it. Phrases are written as {@code "date of birth"} and found in any spelling of a
 * name: {@code dateOfBirth}, {@code DATE_OF_BIRTH}, {@code dateofbirth}.
 *
 * @param kinds the families of types it is kept in
 * @param shortest characters that its shortest value has: a declared length below that rules it out
 * @param names what phrases in a column's name say
 * @param personal whether it comes with people, so that a table of people speaks for it and one of things against
 * @param values what is known of its values; the one that explains a sample best counts
 */
record Clues(
        Set<ColumnKind> kinds, int shortest, Map<String, NameClue> names, boolean personal, List<ValueClue> values) {

    static Builder in(Set<ColumnKind> kinds) {
        return new Builder(kinds);
    }

    /** Gathers clues. */
    static final class Builder {
        private final Set<ColumnKind> kinds;
        private final Map<String, NameClue> names = new LinkedHashMap<>();
        private final List<ValueClue> values = new ArrayList<>();
        private int shortest = 1;
        private boolean personal;

        private Builder(Set<ColumnKind> kinds) {
            this.kinds = EnumSet.copyOf(kinds);
        }

        Builder shortest(int characters) {
            this.shortest = characters;
            return this;
        }

        /** Comes with people. */
        Builder personal() {
            this.personal = true;
            return this;
        }

        /** Names that are enough where the values do not gainsay them. */
        Builder telling(String... phrases) {
            return names(NameClue.TELLING, phrases);
        }

        /** Names that go with this entity and with others. */
        Builder suggesting(String... phrases) {
            return names(NameClue.SUGGESTING, phrases);
        }

        /** Names that need much more. */
        Builder hinting(String... phrases) {
            return names(NameClue.HINTING, phrases);
        }

        /** Names of what is mistaken for this entity. */
        Builder misleading(String... phrases) {
            return names(NameClue.MISLEADING, phrases);
        }

        Builder values(ValueClue... clues) {
            values.addAll(List.of(clues));
            return this;
        }

        private Builder names(NameClue clue, String... phrases) {
            for (String phrase : phrases) {
                names.put(phrase.replace(" ", ""), clue);
            }
            return this;
        }

        Clues clues() {
            return new Clues(kinds, shortest, Map.copyOf(names), personal, List.copyOf(values));
        }
    }
}
