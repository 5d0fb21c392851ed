package dev.nicol.server.identity;

import dev.nicol.policy.Subject;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whose credentials a request carries. Two are equal where the same person or agent logged in by the same means: a
 * connection that one opened is the other's too.
 */
public final class Principal {
    /** The beginning of the means of a human with a token; the issuer's id of the user follows. */
    static final String BY_TOKEN_OF = "token of ";

    private final String name;
    private final boolean agent;
    private final String means;
    private final @Nullable Instant validUntil;
    private final Standing standing;
    private final Set<String> purposes;

    /** What a principal is and may, as it is now: asked at every request. */
    @FunctionalInterface
    public interface Standing {
        /** As {@link Principal#subject}. */
        Subject subject(Map<String, String> stated);
    }

    /**
     * @param means by what it logged in, as precise as connections shall be kept apart; no secret
     * @param validUntil from when on no statement may be started; null: no end is known
     */
    public Principal(String name, boolean agent, String means, @Nullable Instant validUntil, Standing standing) {
        this(name, agent, means, validUntil, standing, Set.of());
    }

    private Principal(
            String name,
            boolean agent,
            String means,
            @Nullable Instant validUntil,
            Standing standing,
            Set<String> purposes) {
        this.purposes = Set.copyOf(purposes);
        this.name = name;
        this.agent = agent;
        this.means = means;
        this.validUntil = validUntil;
        this.standing = standing;
    }

    /** The same, with an end that is not later than that. */
    Principal until(Instant end) {
        Instant earlier = validUntil != null && validUntil.isBefore(end) ? validUntil : end;
        return new Principal(name, agent, means, earlier, standing, purposes);
    }

    /** The same, for some purposes only. */
    Principal within(Set<String> only) {
        return new Principal(name, agent, means, validUntil, standing, only);
    }

    /** The purposes that its credentials are for, of which one is always stated; empty: they are for any. */
    public Set<String> purposes() {
        return purposes;
    }

    /** The human's name, or the agent's where an agent logged in. */
    public String name() {
        return name;
    }

    public boolean agent() {
        return agent;
    }

    /** Whether it logged in by a personal access token, which makes no others. */
    public boolean isByAccessToken() {
        return means.startsWith(AccessTokens.MEANS);
    }

    /** The issuer's id of a human who logged in by its token; null for everyone else. */
    public @Nullable String issuersId() {
        return !agent && means.startsWith(BY_TOKEN_OF) ? means.substring(BY_TOKEN_OF.length()) : null;
    }

    /** From when on the credentials start no statement; null: no end is known. */
    public @Nullable Instant validUntil() {
        return validUntil;
    }

    /**
     * The subject of a connection as it is now.
     *
     * @param stated the connection's properties {@code purpose, job, model, client, on_behalf_of}, those that there are
     * @throws dev.nicol.policy.NicolException {@code NOT_PERMITTED} for an undeclared purpose or human, {@code
     *     NOT_AUTHENTICATED} where the principal may not log in any more
     */
    public Subject subject(Map<String, String> stated) {
        return standing.subject(stated);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Principal principal
                && name.equals(principal.name)
                && agent == principal.agent
                && means.equals(principal.means);
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + means.hashCode();
    }

    @Override
    public String toString() {
        return (agent ? "agent " : "user ") + name + " by " + means;
    }
}
