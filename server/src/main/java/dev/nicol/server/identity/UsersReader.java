package dev.nicol.server.identity;

import dev.nicol.policy.NearestName;
import dev.nicol.policy.Problems;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.YamlDocument;
import dev.nicol.policy.YamlNode;
import dev.nicol.policy.check.KnownSubjects;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the users file. */
public final class UsersReader {
    private static final List<String> USER_KEYS = List.of("password", "groups", "roles", "attributes", "purposes");
    private static final List<String> AGENT_KEYS = List.of("password", "groups", "roles", "acts_for", "purposes");

    /** Longest name, in characters. */
    static final int MAX_NAME_LENGTH = 128;

    /** Basic authentication parts name and password at the first colon. */
    private static final Pattern NAME = Pattern.compile("[^:\\p{Cntrl}]{1," + MAX_NAME_LENGTH + "}");

    private final Problems problems = new Problems();
    private final Map<String, LocalUser> users = new LinkedHashMap<>();
    private final Map<String, String> spellings = new HashMap<>();

    private UsersReader() {}

    /**
     * Reads the file to see whether it can be used.
     *
     * @throws ProblemsException with every problem
     */
    public static void check(Path file) {
        read(file);
    }

    /**
     * Everyone in the file.
     *
     * @throws ProblemsException with every problem
     */
    public static KnownSubjects subjects(Path file) {
        return known(read(file));
    }

    static KnownSubjects known(Map<String, LocalUser> users) {
        StatedIdentity nothingStated = new StatedIdentity(Map.of());
        return new KnownSubjects(users.values().stream()
                .map(user -> nothingStated.subject(user.account(), name -> null))
                .toList());
    }

    /** Humans and agents by name. */
    static Map<String, LocalUser> read(Path file) {
        UsersReader reader = new UsersReader();
        YamlNode root = YamlDocument.read(file, reader.problems);
        if (root != null) {
            root.only(List.of("users", "agents"));
            root.required("users");
            reader.readAll(root, "users", false);
            reader.readAll(root, "agents", true);
            reader.checkChains(root);
        }
        reader.problems.throwIfAny();
        return Map.copyOf(reader.users);
    }

    private void readAll(YamlNode root, String section, boolean agents) {
        YamlNode entries = root.section(section);
        if (entries == null) {
            return;
        }
        for (String name : entries.entries().keySet()) {
            YamlNode node = entries.section(name);
            if (node == null) {
                continue;
            }
            if (!NAME.matcher(name).matches()) {
                node.problem(
                        "`" + name + "` cannot be a name — use at most " + MAX_NAME_LENGTH + " characters without `:`");
            }
            LocalUser user = user(name, node, agents);
            if (users.putIfAbsent(name, user) != null) {
                node.problem("`" + name + "` is a user already — name the agent differently");
            }
            String other = spellings.putIfAbsent(name.toLowerCase(Locale.ROOT), name);
            if (other != null && !other.equals(name)) {
                node.problem(
                        "`" + name + "` and `" + other + "` differ in case only — a source that compares without regard"
                                + " to case takes one for the other; name one differently");
            }
        }
    }

    private static LocalUser user(String name, YamlNode node, boolean agent) {
        node.only(agent ? AGENT_KEYS : USER_KEYS);
        // an agent may log in by its issuer's tokens, or by a certificate
        String hash = agent && !node.has("password") ? null : node.requiredText("password");
        YamlNode place = node.child("password");
        if (place != null && hash != null && !hash.isEmpty()) {
            String fault = PasswordHash.fault(hash);
            if (fault != null) {
                place.problem("the `password` of `" + name + "` " + fault + " — make one with `nicol hash-password`");
            }
        }
        if (agent) {
            // without one, any purpose could be stated
            node.required("purposes");
        }
        Account account = new Account(
                name,
                agent,
                Set.copyOf(node.texts("groups")),
                Set.copyOf(node.texts("roles")),
                agent ? Map.of() : node.textMap("attributes"),
                Set.copyOf(node.texts("purposes")),
                agent ? Set.copyOf(node.texts("acts_for")) : Set.of());
        return new LocalUser(account, hash);
    }

    private void checkChains(YamlNode root) {
        YamlNode agents = root.section("agents");
        if (agents == null) {
            return;
        }
        for (Map.Entry<String, YamlNode> entry : agents.entries().entrySet()) {
            Account agent = account(entry.getKey());
            if (agent == null || !agent.agent() || !entry.getValue().isMap()) {
                continue;
            }
            for (YamlNode name : entry.getValue().words("acts_for")) {
                Account human = account(name.scalarText());
                if (human == null || human.agent()) {
                    name.problem("`acts_for` names " + name.shown() + ", and there is no such user"
                            + NearestName.hint(name.scalarText(), humans()));
                } else if (!human.purposes().isEmpty() && Collections.disjoint(human.purposes(), agent.purposes())) {
                    name.problem("`" + agent.name() + "` cannot act for `" + human.name()
                            + "`: they share no purpose — give them one");
                }
            }
        }
    }

    private @Nullable Account account(String name) {
        LocalUser user = users.get(name);
        return user == null ? null : user.account();
    }

    private List<String> humans() {
        return users.values().stream()
                .map(LocalUser::account)
                .filter(user -> !user.agent())
                .map(Account::name)
                .toList();
    }
}
