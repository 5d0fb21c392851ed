package dev.nicol.server.config;

import dev.nicol.adapters.SourceAdapter;
import dev.nicol.adapters.SourceAdapters;
import dev.nicol.adapters.SourceCredentials;
import dev.nicol.adapters.SourceCredentials.Impersonate;
import dev.nicol.adapters.SourceCredentials.PassThrough;
import dev.nicol.adapters.SourceLogins;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.YamlNode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads with which rights of the database a source is read: {@code credentials} and what belongs to it. */
final class CredentialsReader {
    private static final String SHARED = "shared";
    private static final String PASS_THROUGH = "pass_through";
    private static final String IMPERSONATE = "impersonate";

    /** Words that SET ROLE takes for something else than a role. */
    private static final List<String> NO_ROLES = List.of("none", "default", "all");

    /** A user in a URL would take the place of the login that is passed. */
    private static final Pattern LOGIN_IN_URL = Pattern.compile("(?i)[?&;](user|username|password)=|//[^/?#]*@");

    private final Path directory;
    private final Function<String, @Nullable String> environment;

    CredentialsReader(Path directory, Function<String, @Nullable String> environment) {
        this.directory = directory;
        this.environment = environment;
    }

    SourceCredentials read(YamlNode source, @Nullable String kind, String url, int maxConnections) {
        String word = source.word("credentials", List.of(SHARED, PASS_THROUGH, IMPERSONATE));
        String credentials = word == null ? SHARED : word;
        only(source, "logins", credentials, PASS_THROUGH);
        only(source, "max_connections_per_login", credentials, PASS_THROUGH);
        only(source, "roles", credentials, IMPERSONATE);
        YamlNode place = source.child("credentials");
        SourceAdapter adapter = kind == null ? null : SourceAdapters.find(kind);
        if (place == null || adapter == null || credentials.equals(SHARED)) {
            return SourceCredentials.SHARED;
        } else if (credentials.equals(IMPERSONATE)) {
            if (!adapter.assumesRoles()) {
                place.problem("`credentials: impersonate` is not for kind `" + kind
                        + "`, which has no SET ROLE — use `shared`");
            }
            return roles(source);
        }
        if (!adapter.knowsLogins()) {
            place.problem(
                    "`credentials: pass_through` is not for kind `" + kind + "`, which has no users — use `shared`");
        }
        if (LOGIN_IN_URL.matcher(url).find()
                || source.textMap("properties").keySet().stream()
                        .anyMatch(name -> name.equalsIgnoreCase("user") || name.equalsIgnoreCase("password"))) {
            place.problem("`credentials: pass_through` does not go with a user or password in `url` or `properties`,"
                    + " which every login would get — move them to `user` and `password`");
        }
        return new PassThrough(logins(source), (int) source.integer(
                "max_connections_per_login",
                Math.min(PassThrough.DEFAULT_MAX_PER_LOGIN, maxConnections),
                1,
                maxConnections));
    }

    private static void only(YamlNode source, String key, String credentials, String needed) {
        YamlNode node = source.child(key);
        if (node != null && !credentials.equals(needed)) {
            node.problem("`" + key + "` is for `credentials: " + needed + "` — remove it, or set that");
        }
    }

    private @Nullable Path logins(YamlNode source) {
        String name = source.text("logins");
        YamlNode place = source.child("logins");
        if (name == null || place == null) {
            return null;
        }
        try {
            Path file = directory.resolve(name);
            SourceLogins.read(file, environment);
            return file;
        } catch (InvalidPathException invalid) {
            place.problem("`logins` is no path — correct it");
        } catch (ProblemsException refused) {
            refused.problems().forEach(problem -> place.problem("`logins`: " + problem));
        }
        return null;
    }

    private static Impersonate roles(YamlNode source) {
        source.required("roles");
        YamlNode roles = source.section("roles");
        if (roles == null) {
            return new Impersonate(Map.of(), Map.of(), Map.of());
        }
        roles.only(List.of("users", "agents", "groups"));
        return new Impersonate(roles(roles, "users"), roles(roles, "agents"), roles(roles, "groups"));
    }

    private static Map<String, String> roles(YamlNode roles, String key) {
        Map<String, String> mapped = roles.textMap(key);
        mapped.forEach((name, role) -> {
            if (NO_ROLES.contains(role.toLowerCase(Locale.ROOT))) {
                YamlNode section = roles.section(key);
                YamlNode place = section == null ? roles : section.child(name);
                (place == null ? roles : place)
                        .problem("`" + role + "` is a word of SET ROLE and no role — name a role of the database");
            }
        });
        return mapped;
    }
}
