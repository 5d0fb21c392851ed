package dev.nicol.policy;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who acts: the human (or, for an agent without one, the agent) and the chain behind the act.
 *
 * @param userName the human where there is one, else the agent; what {@code CURRENT_USER} answers
 * @param agent the agent's name, null where a human acts directly
 * @param groups names of groups; for an agent acting for a human the intersection of both
 * @param roles built-in roles ({@code auditor}, {@code steward}, {@code operator}) and others a token carries
 * @param attributes attributes policies may compare with, such as {@code region}
 * @param bindingGroups groups whose restrictions bind: for an agent acting for a human those of either, so that neither
 *     escapes a filter by belonging to fewer groups; else equal to {@code groups}
 * @param bindingRoles likewise for roles
 * @param allowedPurposes purposes this subject declared; empty means that any purpose may be stated (humans)
 * @param purpose why, as stated for the session; likewise job, model and client
 */
public record Subject(
        String userName,
        @Nullable String agent,
        Set<String> groups,
        Set<String> roles,
        Set<String> bindingGroups,
        Set<String> bindingRoles,
        Map<String, String> attributes,
        Set<String> allowedPurposes,
        @Nullable String purpose,
        @Nullable String job,
        @Nullable String model,
        @Nullable String client) {

    public Subject {
        groups = Set.copyOf(groups);
        roles = Set.copyOf(roles);
        bindingGroups = Set.copyOf(bindingGroups);
        bindingRoles = Set.copyOf(bindingRoles);
        attributes = Map.copyOf(attributes);
        allowedPurposes = Set.copyOf(allowedPurposes);
    }

    /** A subject that is bound by the groups and roles it has. */
    public Subject(
            String userName,
            @Nullable String agent,
            Set<String> groups,
            Set<String> roles,
            Map<String, String> attributes,
            Set<String> allowedPurposes,
            @Nullable String purpose,
            @Nullable String job,
            @Nullable String model,
            @Nullable String client) {
        this(userName, agent, groups, roles, groups, roles, attributes, allowedPurposes, purpose, job, model, client);
    }

    /** A human with groups and nothing stated. */
    public static Subject human(
            String userName, Set<String> groups, Set<String> roles, Map<String, String> attributes) {
        return new Subject(userName, null, groups, roles, attributes, Set.of(), null, null, null, null);
    }

    /** The human an agent acts for; null where a human acts directly or the agent acts alone. */
    public @Nullable String onBehalfOf() {
        return agent == null || agent.equals(userName) ? null : userName;
    }

    /** Whether the purpose is declared for the subject; a human who declares none may state any. */
    public boolean mayState(String statedPurpose) {
        return allowedPurposes.contains(statedPurpose) || agent == null && allowedPurposes.isEmpty();
    }

    public Subject withPurpose(@Nullable String stated) {
        return stating(stated, job, model, client);
    }

    public Subject withJob(@Nullable String stated) {
        return stating(purpose, stated, model, client);
    }

    public Subject withModel(@Nullable String stated) {
        return stating(purpose, job, stated, client);
    }

    public Subject withClient(@Nullable String stated) {
        return stating(purpose, job, model, stated);
    }

    private Subject stating(
            @Nullable String purposeStated,
            @Nullable String jobStated,
            @Nullable String modelStated,
            @Nullable String clientStated) {
        return new Subject(
                userName,
                agent,
                groups,
                roles,
                bindingGroups,
                bindingRoles,
                attributes,
                allowedPurposes,
                purposeStated,
                jobStated,
                modelStated,
                clientStated);
    }
}
