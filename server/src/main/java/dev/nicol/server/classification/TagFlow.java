package dev.nicol.server.classification;

import dev.nicol.lineage.Lineage;
import dev.nicol.lineage.LineageEdge;
import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classification;
import dev.nicol.policy.classify.Classifications;
import dev.nicol.server.catalog.VirtualSchemas;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Takes tags along lineage: a column that values flow into holds what they hold, masked or not. */
public final class TagFlow {
    private TagFlow() {}

    /**
     * The tags of the columns that lineage leads to, each tag once, of its surest origin.
     *
     * @param lineage complete
     * @param how what the evidence says before the origin's name
     * @return by target column; columns without tags are left out
     */
    public static Map<String, List<Classification>> along(Lineage lineage, Classifications known, String how) {
        Map<String, List<Classification>> tags = new LinkedHashMap<>();
        for (LineageEdge edge : lineage.edges()) {
            String target = edge.targetColumn();
            if (target != null && edge.kind().direct() && isStored(edge.sourceTable())) {
                String origin = edge.sourceTable() + "." + edge.sourceColumn();
                for (Classification tag : known.of(edge.sourceTable(), edge.sourceColumn())) {
                    add(
                            tags.computeIfAbsent(target, name -> new ArrayList<>()),
                            new Classification(tag.entity(), tag.confidence(), how + " `" + origin + "`"));
                }
            }
        }
        tags.values().removeIf(List::isEmpty);
        return tags;
    }

    private static boolean isStored(TableName table) {
        return !table.catalog().equals(TagRegistry.SYSTEM) && !table.catalog().equals(VirtualSchemas.CATALOG);
    }

    private static void add(List<Classification> tags, Classification tag) {
        for (int i = 0; i < tags.size(); i++) {
            if (tags.get(i).entity().equals(tag.entity())) {
                if (tags.get(i).confidence() < tag.confidence()) {
                    tags.set(i, tag);
                }
                return;
            }
        }
        tags.add(tag);
    }
}
