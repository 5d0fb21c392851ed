package dev.nicol.policy.check;

import dev.nicol.policy.Action;
import dev.nicol.policy.ColumnFacts;
import dev.nicol.policy.Grant;
import dev.nicol.policy.NamePattern;
import dev.nicol.policy.NearestName;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Problems;
import dev.nicol.policy.Rule;
import dev.nicol.policy.TableFacts;
import dev.nicol.policy.TableName;
import dev.nicol.policy.classify.Classifications;
import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.guardrail.Condition;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.mask.MaskRule;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Tables, columns and tags that rules name and that there are none of. */
final class NameCheck {
    private static final int SCHEMA_PART = 1;
    private static final int TABLE_PART = 2;

    private final PolicySet set;
    private final KnownCatalogue catalogue;
    private final Set<String> tags;
    private final Problems problems;

    NameCheck(PolicySet set, KnownCatalogue catalogue, Set<String> tags, Problems problems) {
        this.set = set;
        this.catalogue = catalogue;
        this.tags = new HashSet<>(tags);
        this.tags.add(Classifications.UNCLASSIFIED);
        this.problems = problems;
    }

    void check() {
        for (Grant grant : set.grants()) {
            boolean creates = grant.actions().contains(Action.CREATE);
            for (NamePattern pattern : grant.tables()) {
                boolean elsewhere = !pattern.exact() && !reachesSource(pattern) && mayOpenSomething(grant);
                if (!(creates && reachesSource(pattern)) && !elsewhere) {
                    table(grant, pattern);
                }
            }
            columns(grant, creates);
        }
        for (RowFilter filter : set.rowFilters()) {
            filter.tables().forEach(pattern -> table(filter, pattern));
        }
        for (MaskRule mask : set.maskRules()) {
            mask.columns().forEach(pattern -> column(mask, pattern));
            new TreeSet<>(mask.tags()).forEach(tag -> tag(mask, "tags", tag));
        }
        for (GuardrailRule guardrail : set.guardrails()) {
            new TreeSet<>(guardrail.tags()).forEach(tag -> tag(guardrail, "tags", tag));
            guardrail.conditions().forEach(condition -> condition(guardrail, condition));
        }
    }

    /** One policy set serves every environment: a grant may name sources by glob that this one does not have. */
    private boolean mayOpenSomething(Grant grant) {
        return grant.tables().stream().anyMatch(this::open)
                || catalogue.tables().stream().anyMatch(table -> grant.covers(table.name()));
    }

    private boolean reachesSource(NamePattern pattern) {
        return catalogue.catalogs().stream().anyMatch(pattern::reaches);
    }

    private void table(Rule rule, NamePattern pattern) {
        boolean known = catalogue.tables().stream().anyMatch(table -> pattern.matches(table.name()))
                || catalogue.views().stream().anyMatch(pattern::matches);
        if (!known && !open(pattern)) {
            problems.add(
                    set.places().of(rule, "tables", pattern.glob()),
                    "`" + rule.name() + "`: `" + pattern.glob() + "` matches no table" + why(pattern.glob()));
        }
    }

    /** Whether what it names may come to be known: a rule on a view is written before the view is made. */
    private boolean open(NamePattern pattern) {
        return pattern.reaches(KnownCatalogue.VIRTUAL) || catalogue.reachesUnread(pattern);
    }

    /** What of the name is not there, with the nearest name that is. */
    private String why(String glob) {
        List<TableName> reached = tables();
        String[] parts = glob.contains("**") ? new String[0] : glob.split("\\.", -1);
        List<String> catalogs = catalogue.catalogs().stream().sorted().toList();
        String first = glob.split("\\.", 2)[0];
        if (!first.contains("*") && !reachesSource(new NamePattern(glob))) {
            return ": there is no source `" + first + "`" + orCorrect(first, catalogs);
        }
        for (int part = 0; part < Math.min(parts.length, TABLE_PART + 1); part++) {
            int at = part;
            NamePattern wanted = new NamePattern(parts[part]);
            List<TableName> left = reached.stream()
                    .filter(table -> wanted.matchesPart(table.parts().get(at)))
                    .toList();
            if (left.isEmpty()) {
                String above = String.join(".", List.of(parts).subList(0, part));
                String kind = part == SCHEMA_PART ? "schema" : part == TABLE_PART ? "table" : "source";
                return ": there is no " + kind + " `" + parts[part] + "`" + (part == 0 ? "" : " in `" + above + "`")
                        + orCorrect(parts[part], names(reached, table -> table.parts()
                                .get(at)));
            }
            reached = left;
        }
        return " — correct the name";
    }

    private List<TableName> tables() {
        List<TableName> names = new ArrayList<>();
        catalogue.tables().forEach(table -> names.add(table.name()));
        for (String view : catalogue.views()) {
            String[] parts = view.split("\\.", TABLE_PART + 1);
            names.add(new TableName(parts[0], parts[SCHEMA_PART], parts[TABLE_PART]));
        }
        return names;
    }

    private static Collection<String> names(List<TableName> tables, Function<TableName, String> part) {
        Set<String> names = new TreeSet<>();
        tables.forEach(table -> names.add(part.apply(table)));
        return names;
    }

    private static String orCorrect(String word, Collection<String> known) {
        String hint = NearestName.hint(word, known);
        return hint.isEmpty() ? " — correct the name" : hint;
    }

    private void columns(Grant grant, boolean creates) {
        boolean unsure = creates || grant.tables().stream().anyMatch(this::open);
        List<TableFacts> covered = catalogue.matching(grant.tables());
        if (unsure || covered.isEmpty()) {
            return;
        }
        Set<String> columns = new TreeSet<>();
        covered.forEach(table -> table.columns().forEach(column -> columns.add(column.name())));
        for (NamePattern denied : grant.deniedColumns()) {
            if (columns.stream().noneMatch(denied::matchesPart)) {
                problems.add(
                        set.places().of(grant, "columns.deny", denied.glob()),
                        "`" + grant.name() + "` denies `" + denied.glob() + "`, and no table that it opens has such a"
                                + " column" + orCorrect(denied.glob(), columns));
            }
        }
        entries(grant, "raw", grant.raw(), covered, columns);
        entries(grant, "filterable", grant.filterable(), covered, columns);
        entries(grant, "joinable", grant.joinable(), covered, columns);
    }

    /** Entries of one of a grant's lists that are neither tags nor columns of its tables. */
    private void entries(Grant grant, String key, Set<String> entries, List<TableFacts> covered, Set<String> columns) {
        for (String entry : new TreeSet<>(entries)) {
            if (!entry.equals("*") && !tags.contains(entry.toUpperCase(Locale.ROOT)) && !opens(entry, covered)) {
                Set<String> candidates = new TreeSet<>(columns);
                candidates.addAll(tags);
                problems.add(
                        set.places().of(grant, key, entry),
                        "`" + grant.name() + "` opens `" + entry + "`, which is no tag and no column of the tables that"
                                + " it opens" + orCorrect(entry, candidates));
            }
        }
    }

    private static boolean opens(String entry, List<TableFacts> tables) {
        NamePattern pattern = new NamePattern(entry);
        return tables.stream().anyMatch(table -> table.columns().stream()
                .map(ColumnFacts::name)
                .anyMatch(name -> pattern.matchesPart(name) || pattern.matches(table.name(), name)));
    }

    private void column(MaskRule mask, NamePattern pattern) {
        boolean known = catalogue.tables().stream().anyMatch(table -> table.columns().stream()
                .anyMatch(column -> pattern.matches(table.name(), column.name())));
        if (known || open(pattern)) {
            return;
        }
        problems.add(
                set.places().of(mask, "columns", pattern.glob()),
                "`" + mask.name() + "`: `" + pattern.glob() + "` matches no column" + whyColumn(pattern.glob()));
    }

    private String whyColumn(String glob) {
        int last = glob.lastIndexOf('.');
        if (last < 0 || glob.contains("**")) {
            return " — correct the name";
        }
        String column = glob.substring(last + 1);
        List<TableFacts> tables = catalogue.matching(List.of(new NamePattern(glob.substring(0, last))));
        if (tables.isEmpty()) {
            return why(glob.substring(0, last));
        }
        Set<String> columns = new TreeSet<>();
        tables.forEach(table -> table.columns().forEach(known -> columns.add(known.name())));
        return ": `" + tables.get(0).name() + "` has no column `" + column + "`" + orCorrect(column, columns);
    }

    private void tag(Rule rule, String key, String tag) {
        if (!tags.contains(tag)) {
            String hint = NearestName.hint(tag, tags);
            problems.add(
                    set.places().of(rule, key, tag),
                    "`" + rule.name() + "`: there is no tag `" + tag + "`"
                            + (hint.isEmpty() ? " — known: " + String.join(", ", new TreeSet<>(tags)) : hint));
        }
    }

    /** Where an environment is missing only here, nothing is said: one policy set serves every environment. */
    private void condition(GuardrailRule guardrail, Condition condition) {
        String key = condition.toString().split(":", 2)[0];
        new TreeSet<>(condition.tags()).forEach(tag -> tag(guardrail, key, tag));
        for (String source : new TreeSet<>(condition.sources())) {
            if (!catalogue.catalogs().contains(source)) {
                problems.add(
                        set.places().of(guardrail, key, source),
                        "`" + guardrail.name() + "`: there is no source `" + source + "`"
                                + orCorrect(source, catalogue.catalogs()));
            }
        }
        if (!guardrail.statements().isEmpty()
                && guardrail.statements().stream().noneMatch(condition.kinds()::contains)) {
            String kinds = condition.kinds().stream()
                    .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                    .sorted()
                    .collect(Collectors.joining(", "));
            problems.add(
                    set.places().of(guardrail, "statements", null),
                    "`" + guardrail.name() + "` can never trip: `" + condition + "` is of " + kinds
                            + " only — name one of them in `statements`, or remove it");
        }
    }
}
