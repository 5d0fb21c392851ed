package dev.nicol.policy;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where each rule, and each of its entries, was read. */
public final class RulePlaces {
    /** Of rules that stand in no file. */
    public static final RulePlaces NONE = new RulePlaces(Map.of());

    private static final Place NO_FILE = new Place("(no file)", 0);

    private final Map<String, Entries> rules;

    /** One rule's own place and those of what is in it, such as {@code tables} and {@code tables/crm.**}. */
    record Entries(Place rule, Map<String, Place> below) {}

    RulePlaces(Map<String, Entries> rules) {
        this.rules = Map.copyOf(rules);
    }

    /** Where the rule begins. */
    public Place of(Rule rule) {
        Entries entries = rules.get(rule.name());
        return entries == null ? NO_FILE : entries.rule();
    }

    /**
     * Where a key of the rule stands, or one entry of its list; the nearest place above it where that is not known.
     *
     * @param key such as {@code tables} or {@code to.groups}
     * @param entry as it was written; null for the key itself
     */
    public Place of(Rule rule, String key, @Nullable String entry) {
        Entries entries = rules.get(rule.name());
        if (entries == null) {
            return NO_FILE;
        }
        Place ofKey = entries.below().getOrDefault(key, entries.rule());
        return entry == null ? ofKey : entries.below().getOrDefault(key + "/" + entry, ofKey);
    }

    static Entries of(YamlNode rule) {
        Map<String, Place> below = new HashMap<>();
        collect(rule, "", below);
        return new Entries(rule.position(), Map.copyOf(below));
    }

    private static void collect(YamlNode map, String prefix, Map<String, Place> below) {
        map.entries().forEach((key, value) -> {
            String path = prefix + key;
            below.put(path, value.position());
            value.items().forEach(item -> below.putIfAbsent(path + "/" + item.scalarText(), item.position()));
            collect(value, path + ".", below);
        });
    }
}
