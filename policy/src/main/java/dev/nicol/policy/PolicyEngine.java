package dev.nicol.policy;

import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.mask.Mask;
import dev.nicol.policy.mask.MaskRule;
import dev.nicol.policy.mask.Masks;
import dev.nicol.policy.mask.Nullify;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The decision point: what a subject may do with a table. Knows rules and no plan. Fails closed: where a rule cannot be
 * applied, nothing is shown.
 */
public final class PolicyEngine {
    private final Supplier<PolicySet> policies;
    private final Clock clock;
    private final boolean maskByDefault;

    /** An engine that masks every tagged column which no grant opens. */
    public PolicyEngine(Supplier<PolicySet> policies, Clock clock) {
        this(policies, clock, true);
    }

    /** @param maskByDefault whether tagged columns are masked where no rule says so */
    public PolicyEngine(Supplier<PolicySet> policies, Clock clock, boolean maskByDefault) {
        this.policies = policies;
        this.clock = clock;
        this.maskByDefault = maskByDefault;
    }

    /**
     * What {@code subject} may do with {@code table} now.
     *
     * @throws NicolException {@code NOT_PERMITTED} where the rules cannot be applied
     */
    public Decision decide(Subject subject, TableFacts table) {
        try {
            return new Deciding(policies.get(), subject, table, clock.instant()).decision();
        } catch (RuntimeException e) {
            throw failedClosed(e);
        }
    }

    /**
     * A hash over everything in the policy set that concerns the subject now: equal for subjects with equal rules, whoever
     * they are, and changed by every reload or expiry that changes what is decided for them.
     *
     * @return 64 hex digits
     * @throws NicolException {@code NOT_PERMITTED} where the rules cannot be applied
     */
    public String fingerprint(Subject subject) {
        try {
            PolicySet set = policies.get();
            Instant now = clock.instant();
            MessageDigest digest = PolicySet.sha256();
            // raw never flows to agents, so equal rules mean less to them
            digest.update((byte) ((subject.agent() == null ? 0 : 1) | (maskByDefault ? 2 : 0)));
            for (Rule rule : set.rules()) {
                boolean concerns = rule instanceof Grant grant
                        ? grant.liveAt(now) && grant.audience().opensTo(subject)
                        : rule.audience().binds(subject);
                if (concerns) {
                    digest.update(set.effectDigest(rule));
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (RuntimeException e) {
            throw failedClosed(e);
        }
    }

    private static NicolException failedClosed(RuntimeException cause) {
        return NicolError.NOT_PERMITTED.because(
                "the policy could not be applied, so nothing is shown; ask an administrator",
                "policy evaluation failed: " + cause,
                cause);
    }

    /** One decision's working state. */
    private final class Deciding {
        private final PolicySet set;
        private final Subject subject;
        private final TableFacts table;
        private final List<Grant> grants;
        private final List<Grant> reading;
        private final Set<String> restedOn = new HashSet<>();

        Deciding(PolicySet set, Subject subject, TableFacts table, Instant now) {
            this.set = set;
            this.subject = subject;
            this.table = table;
            this.grants = set.grants().stream()
                    .filter(grant -> grant.liveAt(now)
                            && grant.covers(table.name())
                            && grant.audience().opensTo(subject))
                    .toList();
            this.reading = grants.stream()
                    .filter(grant -> grant.actions().contains(Action.SELECT))
                    .toList();
        }

        Decision decision() {
            Set<Action> actions = EnumSet.noneOf(Action.class);
            Instant validUntil = null;
            for (Grant grant : grants) {
                actions.addAll(grant.actions());
                restedOn.add(grant.name());
                if (grant.until() != null
                        && (validUntil == null || grant.until().isBefore(validUntil))) {
                    validUntil = grant.until();
                }
            }
            List<RowFilter> filters = actions.isEmpty()
                    ? List.of()
                    : set.rowFilters().stream()
                            .filter(filter -> filter.covers(table.name())
                                    && filter.audience().binds(subject))
                            .toList();
            filters.forEach(filter -> restedOn.add(filter.name()));
            List<Decision.Column> columns =
                    table.columns().stream().map(this::column).toList();
            List<String> rules = set.rules().stream()
                    .map(Rule::name)
                    .filter(restedOn::contains)
                    .toList();
            return new Decision(table.name(), actions, columns, filters, rules, validUntil);
        }

        private Decision.Column column(ColumnFacts column) {
            // a grant to write shows no column to a reader whom the grants to read deny it
            List<Grant> deciding = reading.isEmpty() ? grants : reading;
            List<Grant> showing =
                    deciding.stream().filter(grant -> !denies(grant, column)).toList();
            if (showing.isEmpty()) {
                String denier = deciding.isEmpty() ? null : deciding.get(0).name();
                return new Decision.Column(column.name(), true, null, denier);
            }
            List<MaskRule> rules = rulesOf(column);
            if (!rules.isEmpty()) {
                rules.forEach(rule -> restedOn.add(rule.name()));
                // by tag, of a column that may hold anything: no rule's own mask is known to hide enough of it
                boolean guessed = column.isUnclassified() && !namedIn(rules.get(0), column);
                return new Decision.Column(
                        column.name(),
                        false,
                        guessed ? Masks.entityDefault(column.tags(), column.type()) : fitting(rules, column),
                        rules.get(0).name());
            }
            boolean masked = maskByDefault && !column.tags().isEmpty() && !opened(showing, column);
            return new Decision.Column(
                    column.name(), false, masked ? Masks.entityDefault(column.tags(), column.type()) : null, null);
        }

        private boolean denies(Grant grant, ColumnFacts column) {
            return grant.deniedColumns().stream().anyMatch(pattern -> pattern.matchesPart(column.name()));
        }

        /** The rules of the highest level that has any: by column, else by tag. */
        private List<MaskRule> rulesOf(ColumnFacts column) {
            List<MaskRule> byColumn = new ArrayList<>();
            List<MaskRule> byTag = new ArrayList<>();
            for (MaskRule rule : set.maskRules()) {
                if (!rule.audience().binds(subject)) {
                    continue;
                }
                if (namedIn(rule, column)) {
                    byColumn.add(rule);
                } else if (concernsTagOf(rule, column)) {
                    byTag.add(rule);
                }
            }
            return byColumn.isEmpty() ? byTag : byColumn;
        }

        private boolean namedIn(MaskRule rule, ColumnFacts column) {
            return rule.columns().stream().anyMatch(pattern -> pattern.matches(table.name(), column.name()));
        }

        private boolean concernsTagOf(MaskRule rule, ColumnFacts column) {
            return column.isUnclassified()
                    ? !rule.tags().isEmpty()
                    : column.tags().stream().anyMatch(tag -> rule.tags().contains(tag.toUpperCase(Locale.ROOT)));
        }

        /** Rules that disagree, and a mask that does not fit, show nothing. */
        private Mask fitting(List<MaskRule> rules, ColumnFacts column) {
            Mask mask = rules.get(0).mask();
            boolean agreed = rules.stream().allMatch(rule -> rule.mask().equals(mask));
            return agreed && mask.misfit(column.type()) == null ? mask : new Nullify();
        }

        /** Whether grants open the column: by its name, or by all of its tags. Raw values never flow to agents. */
        private boolean opened(List<Grant> showing, ColumnFacts column) {
            if (subject.agent() != null) {
                return false;
            }
            Set<String> raw = new HashSet<>();
            reading.stream().filter(showing::contains).forEach(grant -> raw.addAll(grant.raw()));
            return raw.stream().anyMatch(entry -> names(entry, column))
                    || column.tags().stream().allMatch(tag -> raw.stream().anyMatch(tag::equalsIgnoreCase));
        }

        private boolean names(String entry, ColumnFacts column) {
            NamePattern pattern = new NamePattern(entry);
            return entry.equals("*")
                    || pattern.matchesPart(column.name())
                    || pattern.matches(table.name(), column.name());
        }
    }
}
