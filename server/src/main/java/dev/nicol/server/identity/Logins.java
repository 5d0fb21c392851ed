package dev.nicol.server.identity;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import dev.nicol.policy.check.KnownSubjects;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Every way to log in: passwords of the users file, and tokens of an issuer. */
public final class Logins implements Authenticator, AutoCloseable {
    private final @Nullable LocalUsers users;
    private final @Nullable TokenLogin tokens;

    /**
     * @param users null where there is no users file
     * @param oidc null where no issuer's tokens are believed
     */
    public Logins(@Nullable LocalUsers users, @Nullable OidcSettings oidc, Clock clock) {
        this.users = users;
        this.tokens =
                oidc == null ? null : new TokenLogin(oidc, clock, name -> users == null ? null : users.agent(name));
    }

    @Override
    public Principal authenticate(Presented presented) {
        String header = presented.authorization();
        if (presented.isEmpty() || header == null) {
            throw NicolError.NOT_AUTHENTICATED.because("no credentials; log in with user name and password");
        } else if (header.length() > Presented.MAX_HEADER_LENGTH) {
            throw notUnderstood();
        } else if (BasicCredentials.isIn(header) && users != null) {
            return users.authenticate(BasicCredentials.of(header));
        } else if (TokenLogin.isIn(header) && tokens != null) {
            return tokens.authenticate(header, presented.certificate());
        }
        throw notUnderstood();
    }

    @Override
    public List<String> challenges() {
        return Stream.of(users == null ? null : BASIC, tokens == null ? null : BEARER)
                .filter(Objects::nonNull)
                .toList();
    }

    private static NicolException notUnderstood() {
        return NicolError.NOT_AUTHENTICATED.because(
                "these credentials are not understood; log in with user name and password (Basic)");
    }

    /**
     * The subject that a connection of that name would have: what EXPLAIN POLICY … AS USER and scenarios ask about.
     *
     * @throws NicolException {@code NOT_PERMITTED} where nobody of that name is known here
     */
    public Subject named(String name, Map<String, String> stated) {
        if (users == null) {
            throw LocalUsers.unknown(name);
        }
        return users.named(name, stated);
    }

    /** Everyone who can log in; null where they cannot be listed, as with tokens. */
    public @Nullable KnownSubjects known() {
        return users == null || tokens != null ? null : users.known();
    }

    @Override
    public void close() {
        if (tokens != null) {
            tokens.close();
        }
        if (users != null) {
            users.close();
        }
    }
}
