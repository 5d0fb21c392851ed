package dev.nicol.policy;

import dev.nicol.policy.filter.RowFilter;
import dev.nicol.policy.guardrail.GuardrailRule;
import dev.nicol.policy.mask.MaskRule;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Every rule in force at one time. Immutable; a reload makes another one.
 */
public final class PolicySet {
    /** No rules: nothing is readable. */
    public static final PolicySet EMPTY = new PolicySet(List.of(), List.of(), List.of(), List.of());

    /** Hex digits of a version: enough to tell any two sets apart that a server ever loads. */
    private static final int VERSION_DIGITS = 16;

    private final String version;
    private final List<Grant> grants;
    private final List<RowFilter> rowFilters;
    private final List<MaskRule> maskRules;
    private final List<GuardrailRule> guardrails;
    private final List<Rule> rules;
    private final Map<String, byte[]> effectDigests = new HashMap<>();
    private final RulePlaces places;

    /** Takes rules that stand in no file, names unique. */
    public PolicySet(
            List<Grant> grants, List<RowFilter> rowFilters, List<MaskRule> maskRules, List<GuardrailRule> guardrails) {
        this(grants, rowFilters, maskRules, guardrails, RulePlaces.NONE);
    }

    /** Takes rules in the order of the files, names unique. */
    public PolicySet(
            List<Grant> grants,
            List<RowFilter> rowFilters,
            List<MaskRule> maskRules,
            List<GuardrailRule> guardrails,
            RulePlaces places) {
        this.places = places;
        this.grants = List.copyOf(grants);
        this.rowFilters = List.copyOf(rowFilters);
        this.maskRules = List.copyOf(maskRules);
        this.guardrails = List.copyOf(guardrails);
        List<Rule> all = new ArrayList<>();
        all.addAll(grants);
        all.addAll(rowFilters);
        all.addAll(maskRules);
        all.addAll(guardrails);
        this.rules = List.copyOf(all);
        MessageDigest whole = sha256();
        for (Rule rule : rules) {
            whole.update(digest(RuleText.kind(rule) + " " + RuleText.of(rule)));
            if (effectDigests.put(rule.name(), digest(RuleText.effect(rule))) != null) {
                throw new IllegalArgumentException("two rules are named `" + rule.name() + "`");
            }
        }
        this.version = HexFormat.of().formatHex(whole.digest()).substring(0, VERSION_DIGITS);
    }

    /** A short hash of all rules in their order: the same on every server that has loaded the same ones. */
    public String version() {
        return version;
    }

    public List<Grant> grants() {
        return grants;
    }

    public List<RowFilter> rowFilters() {
        return rowFilters;
    }

    public List<MaskRule> maskRules() {
        return maskRules;
    }

    public List<GuardrailRule> guardrails() {
        return guardrails;
    }

    /** All rules: grants, row filters, column masks, guardrails, each in the order of the files. */
    public List<Rule> rules() {
        return rules;
    }

    /** Where the rules were read: for messages, and no part of what the set means. */
    public RulePlaces places() {
        return places;
    }

    /** {@code grant}, {@code row_filter}, {@code column_mask} or {@code guardrail}. */
    public static String kind(Rule rule) {
        return RuleText.kind(rule);
    }

    /** The rule as a policy file would have it, in one line. For auditors and stewards. */
    public static String definition(Rule rule) {
        return RuleText.of(rule);
    }

    /** 32 bytes that stand for what the rule does, whoever it is for. */
    byte[] effectDigest(Rule rule) {
        byte[] digest = effectDigests.get(rule.name());
        if (digest == null) {
            throw new IllegalArgumentException("`" + rule.name() + "` is no rule of this set");
        }
        return digest.clone();
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static byte[] digest(String text) {
        return sha256().digest(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "policy set " + version + " of " + rules.size() + " rules";
    }
}
