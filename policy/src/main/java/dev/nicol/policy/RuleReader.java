package dev.nicol.policy;

import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.guardrail.Condition;
import dev.nicol.policy.guardrail.ConditionType;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.guardrail.Guardrails;
import dev.nicol.policy.guardrail.Hold;
import dev.nicol.policy.mask.Mask;
import dev.nicol.policy.mask.MaskRule;
import dev.nicol.policy.mask.MaskType;
import dev.nicol.policy.mask.Masks;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes rules from policy files' trees and checks what can be checked without a catalogue. */
final class RuleReader {
    private static final List<String> SECTIONS = List.of("grants", "row_filters", "column_masks", "guardrails");
    private static final List<String> GRANT_KEYS =
            List.of("name", "tables", "actions", "raw", "filterable", "joinable", "until", "columns", "to", "except");
    private static final List<String> FILTER_KEYS = List.of("name", "tables", "where", "to", "except");
    private static final List<String> MASK_KEYS = List.of("name", "columns", "tags", "mask", "to", "except");
    private static final List<String> HOLD_KEYS = List.of("approvers", "approvals", "break_glass", "expires_after");
    private static final List<String> GUARDRAIL_KEYS = Stream.of(
                    Stream.of("name", "statements", "environments", "tags", "rows_over"),
                    Guardrails.ALL.stream().map(ConditionType::key),
                    Stream.of("action"),
                    HOLD_KEYS.stream(),
                    Stream.of("to", "except"))
            .flatMap(keys -> keys)
            .distinct()
            .toList();
    private static final List<String> CHECKS = Guardrails.ALL.stream()
            .map(ConditionType::word)
            .filter(Objects::nonNull)
            .toList();
    private static final List<String> SELECTOR_KEYS =
            List.of("users", "groups", "roles", "agents", "purposes", "attributes");
    private static final List<String> ACTIONS =
            List.of("select", "insert", "update", "delete", "create", "drop", "alter", "truncate", "ddl");
    private static final List<String> ENVIRONMENTS = List.of("development", "staging", "production");
    private static final int TABLE_PARTS = 3;
    private static final int COLUMN_PARTS = 4;

    private final Problems problems;
    private final List<Grant> grants = new ArrayList<>();
    private final List<RowFilter> filters = new ArrayList<>();
    private final List<MaskRule> masks = new ArrayList<>();
    private final List<GuardrailRule> guardrails = new ArrayList<>();
    private final Map<String, YamlNode> names = new HashMap<>();
    private final Map<String, RulePlaces.Entries> places = new HashMap<>();

    RuleReader(Problems problems) {
        this.problems = problems;
    }

    void read(YamlNode root) {
        root.only(SECTIONS);
        each(root, "grants", this::grant, grants);
        each(root, "row_filters", this::filter, filters);
        each(root, "column_masks", this::mask, masks);
        each(root, "guardrails", this::guardrail, guardrails);
    }

    PolicySet policySet() {
        return new PolicySet(grants, filters, masks, guardrails, new RulePlaces(places));
    }

    /** Keeps the rules that are whole: what is left of a broken one would only make other checks say wrong things. */
    private <R extends Rule> void each(
            YamlNode root, String section, Function<YamlNode, @Nullable R> reader, List<R> kept) {
        for (YamlNode entry : root.list(section)) {
            if (entry.isMap()) {
                int before = problems.count();
                R rule = reader.apply(entry);
                if (rule != null && problems.count() == before) {
                    kept.add(rule);
                }
            } else {
                entry.problem("an entry of `" + section + "` must be a rule such as `{name: …}`");
            }
        }
    }

    private Grant grant(YamlNode node) {
        node.only(GRANT_KEYS);
        String name = name(node);
        Set<Action> actions = EnumSet.noneOf(Action.class);
        node.required("actions");
        for (YamlNode word : node.words("actions")) {
            if (known(word, ACTIONS, "action")) {
                actions.addAll(Action.named(word.scalarText()));
            }
        }
        YamlNode columns = node.section("columns");
        List<NamePattern> denied = new ArrayList<>();
        if (columns != null) {
            columns.only(List.of("deny"));
            columns.required("deny");
            for (YamlNode glob : columns.words("deny")) {
                if (glob.scalarText().indexOf('.') >= 0) {
                    glob.problem(glob.shown() + " must be the name of a column, without its table");
                }
                denied.add(new NamePattern(glob.scalarText()));
            }
        }
        node.required("to");
        return new Grant(
                name,
                tables(node),
                actions,
                Set.copyOf(node.texts("raw")),
                Set.copyOf(node.texts("filterable")),
                Set.copyOf(node.texts("joinable")),
                node.instant("until"),
                denied,
                audience(node));
    }

    private RowFilter filter(YamlNode node) {
        node.only(FILTER_KEYS);
        return new RowFilter(name(node), tables(node), audience(node), node.requiredText("where"));
    }

    private @Nullable MaskRule mask(YamlNode node) {
        node.only(MASK_KEYS);
        String name = name(node);
        if (node.has("columns") == node.has("tags")) {
            node.problem("a mask names either `columns` or `tags` — write one of them");
        }
        List<NamePattern> columns = patterns(node, "columns", COLUMN_PARTS, "source.schema.table.column");
        Mask mask = mask(node, node.required("mask"));
        Audience audience = audience(node);
        return mask == null ? null : new MaskRule(name, columns, tags(node), audience, mask);
    }

    private static @Nullable Mask mask(YamlNode rule, @Nullable YamlNode present) {
        YamlNode node = rule.section("mask");
        if (present == null || node == null) {
            return null;
        }
        String kind = node.requiredText("kind");
        if (kind.isEmpty()) {
            if (node.has("kind") && node.child("kind") == null) {
                node.problem("the mask that shows nothing is written `kind: \"null\"`, with quotes");
            }
            return null;
        }
        Optional<MaskType> type = Masks.named(kind);
        if (type.isEmpty()) {
            node.problem("unknown mask `" + kind + "` — use one of " + kinds());
            return null;
        }
        List<String> known = new ArrayList<>(List.of("kind"));
        type.get().parameters().stream().sorted().forEach(known::add);
        node.only(known);
        Map<String, Object> parameters = new LinkedHashMap<>();
        node.entries().forEach((key, value) -> {
            Object given = type.get().takesList(key) ? node.texts(key) : value.scalarValue();
            if (given == null) {
                value.problem("`" + key + "` must be a single value, not " + value.shown());
            } else if (type.get().parameters().contains(key)) {
                parameters.put(key, given);
            }
        });
        try {
            return type.get().create().from(parameters);
        } catch (IllegalArgumentException e) {
            node.problem("mask `" + kind + "`: " + e.getMessage());
            return null;
        }
    }

    private static String kinds() {
        return String.join(", ", Masks.ALL.stream().map(MaskType::kind).toList());
    }

    private @Nullable GuardrailRule guardrail(YamlNode node) {
        node.only(GUARDRAIL_KEYS);
        String name = name(node);
        Set<GuardrailRule.Statement> statements = EnumSet.noneOf(GuardrailRule.Statement.class);
        for (YamlNode word : node.words("statements")) {
            if (known(word, GuardrailRule.Statement.WORDS, "statement")) {
                statements.addAll(GuardrailRule.Statement.named(word.scalarText()));
            }
        }
        Set<String> environments = new HashSet<>();
        for (YamlNode word : node.words("environments")) {
            if (known(word, ENVIRONMENTS, "environment")) {
                environments.add(word.scalarText());
            }
        }
        Long rowsOver = node.has("rows_over") ? node.integer("rows_over", 0, 0, Long.MAX_VALUE) : null;
        int before = problems.count();
        node.word("check", CHECKS);
        List<Condition> conditions = Guardrails.ALL.stream()
                .filter(type -> type.asked(node))
                .map(type -> type.create().from(node))
                .filter(Objects::nonNull)
                .toList();
        boolean whole = problems.count() == before;
        node.required("action");
        String action = node.word("action", List.of("allow", "warn", "hold", "deny"));
        Audience audience = audience(node);
        if (action == null || !whole) {
            return null;
        }
        GuardrailRule.Verdict verdict = GuardrailRule.Verdict.valueOf(action.toUpperCase(Locale.ROOT));
        try {
            return new GuardrailRule(
                    name,
                    statements,
                    environments,
                    tags(node),
                    rowsOver,
                    conditions,
                    verdict,
                    hold(node, verdict),
                    audience);
        } catch (IllegalArgumentException e) {
            node.problem(String.valueOf(e.getMessage()));
            return null;
        }
    }

    private static @Nullable Hold hold(YamlNode node, GuardrailRule.Verdict verdict) {
        if (verdict == GuardrailRule.Verdict.HOLD) {
            return new Hold(
                    selector(node, "approvers"),
                    (int) node.integer("approvals", 1, 1, Hold.MAX_APPROVALS),
                    selector(node, "break_glass"),
                    node.duration("expires_after"));
        }
        node.entries().forEach((key, value) -> {
            if (HOLD_KEYS.contains(key)) {
                value.problem("`" + key + "` belongs to `action: hold` only — remove it, or hold");
            }
        });
        return null;
    }

    private String name(YamlNode node) {
        String name = node.requiredText("name");
        if (!name.isEmpty()) {
            YamlNode earlier = names.putIfAbsent(name, node);
            if (earlier != null) {
                node.problem("a rule named `" + name + "` exists already (" + earlier.place() + ") — rename one");
            } else {
                places.put(name, RulePlaces.of(node));
            }
        }
        return name;
    }

    private static List<NamePattern> tables(YamlNode node) {
        node.required("tables");
        return patterns(node, "tables", TABLE_PARTS, "source.schema.table");
    }

    private static List<NamePattern> patterns(YamlNode node, String key, int parts, String form) {
        List<NamePattern> patterns = new ArrayList<>();
        for (YamlNode glob : node.words(key)) {
            NamePattern pattern = new NamePattern(glob.scalarText());
            if (pattern.partCount() != -1 && pattern.partCount() != parts) {
                // such a pattern matches nothing, and what matches nothing protects nothing
                glob.problem(glob.shown() + " must have " + parts + " parts, `" + form + "` — use `*` for any one, `**`"
                        + " for any number");
            }
            patterns.add(pattern);
        }
        return patterns;
    }

    /** Tags are compared in upper case. */
    private static Set<String> tags(YamlNode node) {
        Set<String> tags = new HashSet<>();
        node.texts("tags").forEach(tag -> tags.add(tag.toUpperCase(Locale.ROOT)));
        return tags;
    }

    private static boolean known(YamlNode word, List<String> words, String what) {
        if (words.contains(word.scalarText())) {
            return true;
        }
        word.problem("unknown " + what + " " + word.shown() + " — use one of " + String.join(", ", words));
        return false;
    }

    private static Audience audience(YamlNode node) {
        return new Audience(selector(node, "to"), selector(node, "except"));
    }

    private static SubjectSelector selector(YamlNode node, String key) {
        YamlNode section = node.section(key);
        if (section == null) {
            return SubjectSelector.EMPTY;
        }
        section.only(SELECTOR_KEYS);
        SubjectSelector selector = new SubjectSelector(
                Set.copyOf(section.texts("users")),
                Set.copyOf(section.texts("groups")),
                Set.copyOf(section.texts("roles")),
                Set.copyOf(section.texts("agents")),
                Set.copyOf(section.texts("purposes")),
                section.textMap("attributes"));
        if (selector.isEmpty() && section.entries().isEmpty()) {
            section.problem("`" + key + "` names no one — name users, groups, roles, agents, purposes or attributes");
        }
        return selector;
    }
}
