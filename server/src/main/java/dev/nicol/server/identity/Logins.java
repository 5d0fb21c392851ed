package dev.nicol.server.identity;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import dev.nicol.policy.check.KnownSubjects;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Every way to log in: passwords of the users file, tokens of an issuer, and personal access tokens. */
public final class Logins implements Authenticator, AutoCloseable {
    private final @Nullable LocalUsers users;
    private final @Nullable TokenLogin tokens;
    private final AccessTokens accessTokens;

    /**
     * @param users null where there is no users file
     * @param oidc null where no issuer's tokens are believed
     */
    public Logins(@Nullable LocalUsers users, @Nullable OidcSettings oidc, AccessTokens accessTokens, Clock clock) {
        this.users = users;
        this.accessTokens = accessTokens;
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
        } else if (BasicCredentials.isIn(header)) {
            return basic(BasicCredentials.of(header));
        } else if (TokenLogin.isIn(header) && tokens != null) {
            return tokens.authenticate(header, presented.certificate());
        }
        throw notUnderstood();
    }

    private Principal basic(BasicCredentials credentials) {
        if (AccessTokens.isOne(credentials.password())) {
            AccessTokens.Token token = accessTokens.find(credentials.name(), credentials.password());
            return new Principal(
                    token.userName(),
                    false,
                    AccessTokens.MEANS + token.tokenId(),
                    token.expiresAt(),
                    stated -> subject(token, stated));
        } else if (users != null) {
            return users.authenticate(credentials);
        }
        throw BasicCredentials.wrong();
    }

    /** The rights of a token's owner as they are now, for the token's purposes. */
    private Subject subject(AccessTokens.Token token, Map<String, String> stated) {
        Account owner = users == null ? null : users.human(token.userName());
        if (owner == null && tokens != null) {
            owner = tokens.person(token.userName());
        }
        if (owner == null) {
            throw NicolError.NOT_AUTHENTICATED.because("the owner of the token is not known any more");
        }
        Map<String, String> known = new HashMap<>(stated);
        if (token.purposes().size() == 1) {
            known.putIfAbsent("purpose", token.purposes().iterator().next());
        }
        if (!token.purposes().isEmpty() && !known.containsKey("purpose")) {
            throw NicolError.NOT_PERMITTED.because("This token is for the purposes " + new TreeSet<>(token.purposes())
                    + ": state one of them by the connection property `purpose`.");
        }
        return new StatedIdentity(known).subject(owner.withinPurposes(token.purposes()), nobody -> null);
    }

    @Override
    public List<String> challenges() {
        return tokens == null ? List.of(BASIC) : List.of(BASIC, BEARER);
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
