package dev.nicol.server.config;

import dev.nicol.policy.NamePattern;
import dev.nicol.policy.NearestName;
import dev.nicol.policy.YamlNode;
import dev.nicol.policy.classify.Detectors;
import dev.nicol.server.audit.RowsTouchedRules;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Reads of which tables the trail tells rows apart. */
final class RowsTouchedReader {
    private static final String KEY = "rows_touched";
    private static final int TABLE_PARTS = 3;

    private RowsTouchedReader() {}

    static RowsTouchedRules read(YamlNode audit) {
        YamlNode node = audit.section(KEY);
        if (node == null) {
            return RowsTouchedRules.OFF;
        }
        node.only(List.of("tags", "tables", "max_rows_per_statement"));
        Set<String> tags = tags(node);
        List<NamePattern> tables = tables(node);
        if (tags.isEmpty() && tables.isEmpty()) {
            node.problem("`" + KEY + "` names nothing — name `tags`, `tables`, or both, or leave it out");
        }
        int most = (int)
                node.integer("max_rows_per_statement", RowsTouchedRules.DEFAULT_MOST, 1, RowsTouchedRules.MAX_MOST);
        return new RowsTouchedRules(tags, tables, most);
    }

    private static Set<String> tags(YamlNode node) {
        Set<String> known = new TreeSet<>(Detectors.entities());
        Set<String> tags = new HashSet<>();
        for (YamlNode word : node.words("tags")) {
            String tag = word.scalarText().toUpperCase(Locale.ROOT);
            if (!tag.equals(RowsTouchedRules.ANY) && !known.contains(tag)) {
                String hint = NearestName.hint(tag, known);
                word.problem("there is no tag `" + tag + "`"
                        + (hint.isEmpty() ? " — known: " + String.join(", ", known) : hint));
            }
            tags.add(tag);
        }
        return tags;
    }

    private static List<NamePattern> tables(YamlNode node) {
        List<NamePattern> tables = new ArrayList<>();
        for (YamlNode glob : node.words("tables")) {
            String text = glob.scalarText();
            NamePattern pattern = new NamePattern(text);
            if (pattern.partCount() != -1 && pattern.partCount() != TABLE_PARTS) {
                glob.problem(glob.shown() + " must have " + TABLE_PARTS
                        + " parts, `source.schema.table` — use `*` for any one, `**` for any number");
            }
            tables.add(pattern);
        }
        return tables;
    }
}
