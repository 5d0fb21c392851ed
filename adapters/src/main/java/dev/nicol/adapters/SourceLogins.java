package dev.nicol.adapters;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.Problems;
import dev.nicol.policy.ProblemsException;
import dev.nicol.policy.YamlDocument;
import dev.nicol.policy.YamlNode;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Where users' own logins at sources come from: a file, or the properties of a connection. */
public final class SourceLogins {
    /** Logins that one connection may bring. */
    public static final int MAX_STATED = 100;

    /** Longest user name or password of a stated login, in characters. */
    public static final int MAX_LENGTH = 1_024;

    private static final String USER = ".user";
    private static final String PASSWORD = ".password";

    private SourceLogins() {}

    /**
     * Logins by the name of who they belong to; {@code ${NAME}} comes from the environment.
     *
     * @throws ProblemsException with every problem
     */
    public static Map<String, SourceLogin> read(Path file) {
        return read(file, System::getenv);
    }

    /** The same with another environment. */
    public static Map<String, SourceLogin> read(Path file, Function<String, @Nullable String> environment) {
        Problems problems = new Problems();
        Map<String, SourceLogin> logins = new HashMap<>();
        YamlNode root = YamlDocument.read(file, problems, environment);
        if (root != null) {
            for (String name : root.entries().keySet()) {
                YamlNode entry = root.section(name);
                if (entry != null) {
                    entry.only(List.of("user", "password"));
                    SourceLogin login = new SourceLogin(entry.requiredText("user"), entry.requiredText("password"));
                    if (!fits(login.user()) || !fits(login.password())) {
                        entry.problem("`user` and `password` must have at most " + MAX_LENGTH
                                + " characters, none of them a control character — correct them");
                    }
                    logins.put(name, login);
                }
            }
        }
        problems.throwIfAny();
        return Map.copyOf(logins);
    }

    /**
     * Logins by source that a connection brings: properties {@code source.user} and {@code source.password}. One without
     * the other is none. What a driver would fail at before the database has answered is refused, since it would look as if
     * the database were down.
     */
    public static Map<String, SourceLogin> stated(Map<String, String> properties) {
        Map<String, SourceLogin> logins = new HashMap<>();
        properties.forEach((name, user) -> {
            if (name.length() > USER.length() && name.endsWith(USER)) {
                String source = name.substring(0, name.length() - USER.length());
                String password = properties.get(source + PASSWORD);
                if (user != null && !user.isEmpty() && password != null && !password.isEmpty()) {
                    if (!fits(user) || !fits(password) || logins.size() == MAX_STATED) {
                        throw NicolError.NOT_PERMITTED.because("A connection may bring at most " + MAX_STATED
                                + " logins of sources, each user and password of at most " + MAX_LENGTH
                                + " characters, none of them a control character. Correct them, or leave some out.");
                    }
                    logins.put(source, new SourceLogin(user, password));
                }
            }
        });
        return Map.copyOf(logins);
    }

    private static boolean fits(String text) {
        return text.length() <= MAX_LENGTH && text.chars().noneMatch(Character::isISOControl);
    }
}
