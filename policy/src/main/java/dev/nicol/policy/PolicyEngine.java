package dev.nicol.policy;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.mask.Mask;
import dev.nicol.policy.mask.MaskRule;
import dev.nicol.policy.mask.Masks;
import dev.nicol.policy.mask.Nullify;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The decision point: what a subject may do with a table. Knows rules and no plan. Fails closed: where a rule cannot be
 * applied, nothing is shown.
 */
public final class PolicyEngine {
    /**
     * Subjects whose rules are kept: each statement asks for their fingerprint. Sessions keep their subject, so it is told
     * by what it is and not by what it says, which takes a digest over all its sets.
     */
    private static final int MAX_SUBJECTS = 10_000;

    private final Supplier<PolicySet> policies;
    private final Clock clock;
    private final boolean maskByDefault;
    private final Cache<Subject, Bound> bound =
            Caffeine.newBuilder().weakKeys().maximumSize(MAX_SUBJECTS).build();

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
            return new Deciding(bound(subject), subject, table).decision();
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
            return bound(subject).fingerprint();
        } catch (RuntimeException e) {
            throw failedClosed(e);
        }
    }

    private Bound bound(Subject subject) {
        PolicySet set = policies.get();
        Instant now = clock.instant();
        Bound known = bound.getIfPresent(subject);
        if (known == null || !known.standsFor(set, now)) {
            known = bind(set, subject, now);
            bound.put(subject, known);
        }
        return known;
    }

    private Bound bind(PolicySet set, Subject subject, Instant now) {
        List<Rule> rules = set.rules().stream()
                .filter(rule -> rule instanceof Grant grant
                        ? grant.liveAt(now) && grant.audience().opensTo(subject)
                        : rule.audience().binds(subject))
                .toList();
        MessageDigest digest = PolicySet.sha256();
        // raw never flows to agents, so equal rules mean less to them
        digest.update((byte) ((subject.agent() == null ? 0 : 1) | (maskByDefault ? 2 : 0)));
        rules.forEach(rule -> digest.update(set.effectDigest(rule)));
        return new Bound(
                set,
                latestEnd(set, now),
                nextEnd(set, now),
                HexFormat.of().formatHex(digest.digest()),
                rules,
                only(Grant.class, rules),
                only(RowFilter.class, rules),
                only(MaskRule.class, rules));
    }

    private static <T extends Rule> List<T> only(Class<T> kind, List<Rule> rules) {
        return rules.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private static Instant latestEnd(PolicySet set, Instant now) {
        return ends(set)
                .filter(end -> !end.isAfter(now))
                .max(Instant::compareTo)
                .orElse(Instant.MIN);
    }

    private static Instant nextEnd(PolicySet set, Instant now) {
        return ends(set).filter(end -> end.isAfter(now)).min(Instant::compareTo).orElse(Instant.MAX);
    }

    private static Stream<Instant> ends(PolicySet set) {
        return set.grants().stream().map(Grant::until).flatMap(Stream::ofNullable);
    }

    /**
     * The rules of a set that concern one subject, in the order of the files, between two ends of grants (a clock may be
     * set back), and their fingerprint.
     */
    private record Bound(
            PolicySet set,
            Instant from,
            Instant until,
            String fingerprint,
            List<Rule> rules,
            List<Grant> grants,
            List<RowFilter> rowFilters,
            List<MaskRule> maskRules) {
        boolean standsFor(PolicySet inForce, Instant now) {
            return set == inForce && !now.isBefore(from) && now.isBefore(until);
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
        private final Bound bound;
        private final Subject subject;
        private final TableFacts table;
        private final List<Grant> grants;
        private final List<Grant> reading;
        private final Set<String> restedOn = new HashSet<>();

        Deciding(Bound bound, Subject subject, TableFacts table) {
            this.bound = bound;
            this.subject = subject;
            this.table = table;
            this.grants = bound.grants().stream()
                    .filter(grant -> grant.covers(table.name()))
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
                    : bound.rowFilters().stream()
                            .filter(filter -> filter.covers(table.name()))
                            .toList();
            filters.forEach(filter -> restedOn.add(filter.name()));
            List<Decision.Column> columns =
                    table.columns().stream().map(this::column).toList();
            List<String> rules = bound.rules().stream()
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
                String reason = denier == null ? "no grant covers the table" : "grant `" + denier + "` denies it";
                return new Decision.Column(column.name(), true, null, denier, reason, List.of());
            }
            Decision.Column shown = shown(column, showing);
            if (shown.mask() == null) {
                return shown;
            }
            return new Decision.Column(
                    shown.name(),
                    shown.denied(),
                    shown.mask(),
                    shown.rule(),
                    shown.reason(),
                    shown.overridden(),
                    opening(showing, column, Grant::filterable),
                    opening(showing, column, Grant::joinable));
        }

        private Decision.Column shown(ColumnFacts column, List<Grant> showing) {
            List<MaskRule> byColumn = binding(rule -> names(rule, column));
            List<MaskRule> byTag = binding(rule -> !names(rule, column) && tagged(rule, column));
            if (!byColumn.isEmpty()) {
                return masked(column, byColumn, "a rule names the column", byTag);
            } else if (!byTag.isEmpty() && column.isUnclassified()) {
                return guessed(column, byTag);
            } else if (!byTag.isEmpty()) {
                return masked(column, byTag, "a rule names its tag " + tags(column), List.of());
            }
            return unruled(column, showing);
        }

        private Decision.Column masked(
                ColumnFacts column, List<MaskRule> rules, String reason, List<MaskRule> overridden) {
            rules.forEach(rule -> restedOn.add(rule.name()));
            MaskRule rule = rules.get(0);
            boolean agreed = rules.stream().allMatch(other -> other.mask().equals(rule.mask()));
            String misfit = rule.mask().misfit(column.type());
            // Rules that disagree, and a mask that does not fit, show nothing.
            Mask mask = agreed && misfit == null ? rule.mask() : new Nullify();
            String why = !agreed
                    ? reason + "; rules of one level disagree, so it is NULL"
                    : misfit == null ? reason : reason + "; its mask does not fit the type, so it is NULL";
            return new Decision.Column(
                    column.name(),
                    false,
                    mask,
                    rule.name(),
                    why,
                    overridden.stream().map(Rule::name).toList());
        }

        /** Rules by tag, of a column that may hold anything: of no rule's own mask is it known that it hides enough. */
        private Decision.Column guessed(ColumnFacts column, List<MaskRule> rules) {
            rules.forEach(rule -> restedOn.add(rule.name()));
            return new Decision.Column(
                    column.name(),
                    false,
                    Masks.entityDefault(column.tags(), column.type()),
                    rules.get(0).name(),
                    "it has not been looked at yet, and rules name tags it may have",
                    List.of());
        }

        /** No rule masks it: raw, but for tags that no grant opens. */
        private Decision.Column unruled(ColumnFacts column, List<Grant> showing) {
            if (!maskByDefault || column.tags().isEmpty()) {
                String why = column.tags().isEmpty()
                        ? "it has no tag, and no rule masks it"
                        : "it has tag " + tags(column) + ", but masks by default are off";
                return new Decision.Column(column.name(), false, null, null, why, List.of());
            }
            List<String> openers = opening(showing, column, Grant::raw);
            Mask mask = openers.isEmpty() ? Masks.entityDefault(column.tags(), column.type()) : null;
            String why = openers.isEmpty()
                    ? "it has tag " + tags(column) + ", which no grant opens: the default mask"
                    : "it has tag " + tags(column) + ", opened raw by " + quoted(openers);
            return new Decision.Column(column.name(), false, mask, null, why, List.of());
        }

        private static String tags(ColumnFacts column) {
            return String.join(", ", new TreeSet<>(column.tags()));
        }

        private static String quoted(List<String> names) {
            return names.stream().map(name -> "`" + name + "`").collect(Collectors.joining(", "));
        }

        private boolean denies(Grant grant, ColumnFacts column) {
            return grant.deniedColumns().stream().anyMatch(pattern -> pattern.matchesPart(column.name()));
        }

        private List<MaskRule> binding(Predicate<MaskRule> concerning) {
            return bound.maskRules().stream().filter(concerning).toList();
        }

        private boolean names(MaskRule rule, ColumnFacts column) {
            return rule.columns().stream().anyMatch(pattern -> pattern.matches(table.name(), column.name()));
        }

        private static boolean tagged(MaskRule rule, ColumnFacts column) {
            return column.isUnclassified()
                    ? !rule.tags().isEmpty()
                    : column.tags().stream().anyMatch(tag -> rule.tags().contains(tag.toUpperCase(Locale.ROOT)));
        }

        /**
         * Names of the grants that open the column: by its name, or between them all of its tags. Raw values never flow
         * to agents.
         */
        private List<String> opening(List<Grant> showing, ColumnFacts column, Function<Grant, Set<String>> entries) {
            if (subject.agent() != null) {
                return List.of();
            }
            Set<String> openers = new LinkedHashSet<>();
            Set<String> closed = new HashSet<>(column.tags());
            for (Grant grant : reading) {
                if (!showing.contains(grant)) {
                    continue;
                }
                if (entries.apply(grant).stream().anyMatch(entry -> names(entry, column))) {
                    return List.of(grant.name());
                }
                if (closed.removeIf(tag -> entries.apply(grant).stream().anyMatch(tag::equalsIgnoreCase))) {
                    openers.add(grant.name());
                }
            }
            return closed.isEmpty() ? List.copyOf(openers) : List.of();
        }

        private boolean names(String entry, ColumnFacts column) {
            NamePattern pattern = new NamePattern(entry);
            return entry.equals("*")
                    || pattern.matchesPart(column.name())
                    || pattern.matches(table.name(), column.name());
        }
    }
}
