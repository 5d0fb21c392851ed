package dev.nicol.policy.classify;

import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** {@code FREE_TEXT}: what people wrote, or a program collected, with other entities inside. */
final class FreeText implements Detector {
    private static final int SHORTEST = 20;
    private static final int LONGEST = 600;

    /** Enough to see a share of a percent or two, and not so many that long texts take long. */
    private static final int MOST_TEXTS = 250;

    private static final double ALIKE = 0.0003;
    private static final double CHANCE = 0.002;

    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(40)
            .telling(
                    "notes",
                    "free text",
                    "freetext",
                    "remarks",
                    "bemerkung",
                    "notizen",
                    "anmerkung",
                    "remarques",
                    "notas",
                    "observaciones",
                    "opmerking",
                    "uwagi",
                    "case notes",
                    "clinical notes",
                    "medical notes")
            .suggesting(
                    "comment",
                    "message",
                    "body",
                    "feedback",
                    "transcript",
                    "chat",
                    "review",
                    "description",
                    "content",
                    "text",
                    "payload",
                    "bio",
                    "biography",
                    "diary",
                    "memo",
                    "details",
                    "annotation",
                    "complaint",
                    "ticket text",
                    "narrative",
                    "summary",
                    "note")
            .values(FreeText::weigh)
            .clues();

    @Override
    public String entity() {
        return "FREE_TEXT";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static ValueClue.Finding weigh(Column column) {
        List<String> values = column.values();
        BitSet holding = new BitSet();
        Set<String> entities = new TreeSet<>();
        int step = Math.max(1, values.size() / MOST_TEXTS);
        int texts = 0;
        int looked = 0;
        for (int i = 0; i < values.size(); i += step) {
            String value = values.get(i);
            looked++;
            if (value.length() >= SHORTEST && text(value)) {
                texts++;
                List<TextEntities.Span> spans =
                        TextEntities.find(value.substring(0, Math.min(LONGEST, value.length())), Set.of());
                boolean inside = spans.stream().anyMatch(span -> span.end() - span.start() < value.length() - 4);
                holding.set(i, inside);
                if (inside) {
                    spans.forEach(span -> entities.add(span.entity()));
                }
            }
        }
        int holds = holding.cardinality();
        double weight = texts < looked / 2.0 ? -8 : holds == 0 ? -8 : evenShare(holds, texts);
        return new ValueClue.Finding(
                weight,
                holding,
                Share.percent(holds, looked) + " are texts with " + String.join(", ", entities) + " inside");
    }

    /** Any share of texts may hold something: no share is likelier than another. */
    private static double evenShare(int holds, int texts) {
        return Likelihood.ofForm(holds, texts, CHANCE, ALIKE, 0.999);
    }

    private static boolean text(String value) {
        return value.indexOf(' ', value.indexOf(' ') + 1) > 0 || value.startsWith("{") || value.startsWith("[");
    }
}
