package dev.nicol.server.identity;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.Subject;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a connection states of itself, checked against what its user declared. The rights of an agent that acts for a
 * human are those that both have; restrictions of either bind it.
 */
public final class StatedIdentity {
    /** Longest stated purpose, job, model or client, in characters. */
    static final int MAX_LENGTH = 256;

    private final Map<String, String> properties;

    StatedIdentity(Map<String, String> properties) {
        this.properties = properties;
    }

    /** The properties that say something: what is added to those that do not must not be kept out by a blank. */
    static Map<String, String> said(Map<String, String> properties) {
        Map<String, String> said = new HashMap<>(properties);
        said.values().removeIf(String::isBlank);
        return said;
    }

    /** @param humans those an agent may act for, by name; null for every other name */
    Subject subject(Account self, Function<String, @Nullable Account> humans) {
        String onBehalfOf = stated("on_behalf_of");
        if (!self.agent()) {
            if (onBehalfOf != null && !onBehalfOf.equals(self.name())) {
                throw notPermitted("`on_behalf_of` is for agents, and `" + self.name() + "` is none; leave it out");
            }
            return alone(self);
        }
        if (onBehalfOf == null) {
            return alone(self);
        }
        Account human = humans.apply(onBehalfOf);
        if (human == null || human.agent()) {
            throw notPermitted("`" + self.name() + "` may not act for `" + onBehalfOf + "`; ask an administrator");
        }
        return behalf(self, human);
    }

    private Subject alone(Account self) {
        return subject(
                self,
                self.agent() ? self.name() : null,
                self.groups(),
                self.roles(),
                self.groups(),
                self.roles(),
                self.agent() ? Map.of() : self.attributes(),
                self.purposes());
    }

    /** The rights of an agent that acts for a human. */
    Subject behalf(Account self, Account human) {
        Set<String> groups = self.groups().isEmpty() ? human.groups() : both(self.groups(), human.groups());
        Set<String> purposes = human.purposes().isEmpty() ? self.purposes() : both(self.purposes(), human.purposes());
        return subject(
                human,
                self.name(),
                groups,
                // roles are powers over Nicol itself: an agent has those alone that its own entry names
                both(self.roles(), human.roles()),
                either(self.groups(), human.groups()),
                either(self.roles(), human.roles()),
                human.attributes(),
                purposes);
    }

    private Subject subject(
            Account user,
            @Nullable String agent,
            Set<String> groups,
            Set<String> roles,
            Set<String> bindingGroups,
            Set<String> bindingRoles,
            Map<String, String> attributes,
            Set<String> purposes) {
        String purpose = stated("purpose");
        Subject subject = new Subject(
                user.name(),
                agent,
                groups,
                roles,
                bindingGroups,
                bindingRoles,
                attributes,
                purposes,
                purpose,
                stated("job"),
                stated("model"),
                stated("client"));
        if (purpose != null && !subject.mayState(purpose)) {
            throw notPermitted("the purpose `" + purpose + "` is not declared for `"
                    + (agent == null ? user.name() : agent) + "`; state one of its own, or ask an administrator");
        }
        return subject;
    }

    private @Nullable String stated(String property) {
        return value(property, properties.get(property));
    }

    /**
     * What a connection states by a property, or by SET later; null where it is blank.
     *
     * @throws dev.nicol.policy.NicolException {@code NOT_PERMITTED} for what is too long, or no plain text
     */
    public static @Nullable String value(String property, @Nullable String value) {
        if (value == null || value.isBlank()) {
            return null;
        }
        if (value.length() > MAX_LENGTH || value.chars().anyMatch(Character::isISOControl)) {
            throw notPermitted("the property `" + property + "` must have at most " + MAX_LENGTH
                    + " characters, none of them a control character");
        }
        return value;
    }

    private static RuntimeException notPermitted(String message) {
        return NicolError.NOT_PERMITTED.because(message);
    }

    private static Set<String> both(Set<String> one, Set<String> other) {
        Set<String> common = new HashSet<>(one);
        common.retainAll(other);
        return common;
    }

    private static Set<String> either(Set<String> one, Set<String> other) {
        Set<String> all = new HashSet<>(one);
        all.addAll(other);
        return all;
    }
}
