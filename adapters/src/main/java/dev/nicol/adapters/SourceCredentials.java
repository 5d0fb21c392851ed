package dev.nicol.adapters;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** With which rights of the database itself statements of users run at a source. */
public sealed interface SourceCredentials {
    /** The one configured login, for everyone. */
    SourceCredentials SHARED = new Shared();

    /** The one configured login, for everyone. */
    record Shared() implements SourceCredentials {}

    /**
     * Each user's own login; the configured one reads the catalogue, samples, and what policies of other sources look up.
     *
     * @param logins file of logins; null where they come with connections only
     * @param maxPerLogin bound of the connections of one login
     */
    record PassThrough(@Nullable Path logins, int maxPerLogin) implements SourceCredentials {
        /** Bound where the configuration gives none. */
        public static final int DEFAULT_MAX_PER_LOGIN = 4;
    }

    /** The configured login in a role of the database that belongs to a user, an agent or a group. */
    record Impersonate(Map<String, String> users, Map<String, String> agents, Map<String, String> groups)
            implements SourceCredentials {
        public Impersonate {
            users = Map.copyOf(users);
            agents = Map.copyOf(agents);
            groups = Map.copyOf(groups);
        }

        /**
         * The role of a subject: an agent's own, never its human's; a human's own; else that of the groups.
         *
         * @throws NicolException {@code NOT_PERMITTED} where there is none, or where groups have several
         */
        String role(String source, Subject subject) {
            String agent = subject.agent();
            String own = agent == null ? users.get(subject.userName()) : agents.get(agent);
            if (own != null) {
                return own;
            }
            TreeSet<String> ofGroups = subject.groups().stream()
                    .map(groups::get)
                    .filter(role -> role != null)
                    .collect(Collectors.toCollection(TreeSet::new));
            String who = agent == null ? subject.userName() : agent;
            if (ofGroups.isEmpty()) {
                throw NicolError.NOT_PERMITTED.because("Source `" + source + "` is read in a role of its own for each"
                        + " user, and there is none for `" + who + "`. Ask an administrator for an entry under `roles`"
                        + " of the source.");
            } else if (ofGroups.size() > 1) {
                throw NicolError.NOT_PERMITTED.because("Source `" + source + "` is read in a role of its own for each"
                        + " user, and the groups of `" + who + "` have several. Ask an administrator for an entry under"
                        + " `roles." + (agent == null ? "users" : "agents") + "` of the source.");
            }
            return ofGroups.first();
        }
    }
}
