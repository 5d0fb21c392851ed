package dev.nicol.server.pipeline;

import dev.nicol.policy.Grant;
import dev.nicol.policy.NamePattern;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.Rule;
import dev.nicol.policy.TableName;
import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.mask.MaskRule;
import dev.nicol.server.catalog.VirtualSchemas;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Rules that name views: under another name a view would be without its filters and masks. */
final class NamingRules {
    private final Supplier<PolicySet> policies;
    private final VirtualSchemas views;

    NamingRules(Supplier<PolicySet> policies, VirtualSchemas views) {
        this.policies = policies;
        this.views = views;
    }

    /**
     * Nothing is refused of a view that is not there.
     *
     * @throws dev.nicol.policy.NicolException where a rule holds for the view and would not under its new name
     */
    void refuse(TableName name, TableName renamed) {
        if (views.view(name) != null) {
            refuse("View `" + name + "`", rule -> names(rule, name, renamed));
        }
    }

    /** The same of a virtual schema, for its views. */
    void refuse(String written, String renamed) {
        List<TableName> within = views.state().views().values().stream()
                .map(VirtualSchemas.View::name)
                .filter(name -> name.schema().equalsIgnoreCase(written))
                .toList();
        refuse("Schema `virtual." + written + "`", rule -> within.stream()
                .anyMatch(name -> names(rule, name, new TableName(name.catalog(), renamed, name.table()))));
    }

    private void refuse(String what, Predicate<Rule> names) {
        TreeSet<String> rules = policies.get().rules().stream()
                .filter(names)
                .map(Rule::name)
                .collect(Collectors.toCollection(TreeSet::new));
        if (!rules.isEmpty()) {
            throw NicolError.NOT_PERMITTED.because(what + " is named by the rules "
                    + rules.stream().map(rule -> "`" + rule + "`").collect(Collectors.joining(", "))
                    + ". Change the policy first, so that they hold under the new name too.");
        }
    }

    private static boolean names(Rule rule, TableName name, TableName renamed) {
        if (rule instanceof Grant grant) {
            return names(grant.tables(), name, renamed);
        } else if (rule instanceof RowFilter filter) {
            return names(filter.tables(), name, renamed);
        }
        // a mask's pattern ends with the column
        return rule instanceof MaskRule mask
                && mask.columns().stream().anyMatch(pattern -> names(List.of(ofTable(pattern)), name, renamed));
    }

    private static NamePattern ofTable(NamePattern columns) {
        String glob = columns.glob();
        int column = glob.lastIndexOf('.');
        return column < 0 || glob.endsWith("**") ? columns : new NamePattern(glob.substring(0, column));
    }

    private static boolean names(List<NamePattern> patterns, TableName name, TableName renamed) {
        return patterns.stream().anyMatch(pattern -> pattern.matches(name) && !pattern.matches(renamed));
    }
}
