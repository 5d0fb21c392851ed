package dev.nicol.server.identity;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import dev.nicol.policy.check.KnownSubjects;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Every way to log in: passwords of the users file, tokens of an issuer, personal access tokens, and a certificate where
 * there is nothing else. Credentials beside a certificate must be of the same: who holds one person's certificate gains
 * nothing by another's password.
 */
public final class Logins implements Authenticator, AutoCloseable {
    private final @Nullable LocalUsers users;
    private final @Nullable TokenLogin tokens;
    private final AccessTokens accessTokens;
    private final CertificateName certificateName;

    /**
     * @param users null where there is no users file
     * @param oidc null where no issuer's tokens are believed
     * @param certificateName the part of a client's certificate that names the subject
     */
    public Logins(
            @Nullable LocalUsers users,
            @Nullable OidcSettings oidc,
            AccessTokens accessTokens,
            CertificateName certificateName,
            Clock clock) {
        this.certificateName = certificateName;
        this.users = users;
        this.accessTokens = accessTokens;
        this.tokens = oidc == null
                ? null
                : new TokenLogin(oidc, clock, certificateName, name -> users == null ? null : users.agent(name));
    }

    @Override
    public Principal authenticate(Presented presented) {
        String header = presented.authorization();
        X509Certificate certificate = presented.certificate();
        if (header == null || header.isBlank()) {
            if (certificate == null || users == null) {
                throw NicolError.NOT_AUTHENTICATED.because("no credentials; log in with user name and password");
            }
            return users.certified(certificateName.of(certificate)).until(end(certificate));
        }
        Principal principal = byHeader(header, presented);
        return certificate == null ? principal : principal.until(end(certificate));
    }

    private static Instant end(X509Certificate certificate) {
        return certificate.getNotAfter().toInstant();
    }

    private Principal byHeader(String header, Presented presented) {
        X509Certificate certificate = presented.certificate();
        if (header.length() > Presented.MAX_HEADER_LENGTH) {
            throw notUnderstood();
        } else if (BasicCredentials.isIn(header)) {
            Principal principal = basic(BasicCredentials.of(header), presented.address());
            if (certificate != null && !certificateName.of(certificate).equals(principal.name())) {
                throw NicolError.NOT_AUTHENTICATED.because("the certificate names another than the credentials do");
            }
            return principal;
        } else if (TokenLogin.isIn(header) && tokens != null) {
            return tokens.authenticate(header, certificate);
        }
        throw notUnderstood();
    }

    private Principal basic(BasicCredentials credentials, String address) {
        if (AccessTokens.isOne(credentials.password())) {
            AccessTokens.Token token = accessTokens.find(credentials.name(), credentials.password());
            return new Principal(
                            token.userName(),
                            false,
                            AccessTokens.MEANS + token.tokenId(),
                            token.expiresAt(),
                            stated -> subject(token, stated))
                    .within(token.purposes());
        }
        PasswordGrant grant = tokens == null ? null : tokens.passwords();
        if (users != null && (grant == null || users.has(credentials.name()))) {
            return users.authenticate(credentials, address);
        } else if (grant != null) {
            return grant.authenticate(credentials, address);
        }
        throw BasicCredentials.wrong();
    }

    /** The rights of a token's owner as they are now, for the token's purposes. */
    private Subject subject(AccessTokens.Token token, Map<String, String> stated) {
        String issuersId = token.issuersId();
        Account owner;
        if (issuersId == null) {
            owner = users == null ? null : users.human(token.userName());
        } else {
            owner = tokens == null ? null : tokens.person(token.userName(), issuersId);
        }
        if (owner == null) {
            throw NicolError.NOT_AUTHENTICATED.because("the owner of the token is not known any more");
        }
        Map<String, String> known = StatedIdentity.said(stated);
        if (token.purposes().size() == 1) {
            known.putIfAbsent("purpose", token.purposes().iterator().next());
        }
        if (!token.purposes().isEmpty() && !known.containsKey("purpose")) {
            throw NicolError.NOT_PERMITTED.because("This token is for the purposes " + new TreeSet<>(token.purposes())
                    + ": state one of them by the connection property `purpose`.");
        }
        Subject subject = new StatedIdentity(known).subject(owner.withinPurposes(token.purposes()), nobody -> null);
        String purpose = subject.purpose();
        if (purpose != null && !token.purposes().isEmpty() && !token.purposes().contains(purpose)) {
            throw NicolError.NOT_PERMITTED.because("This token is not for the purpose `" + purpose + "`, but for "
                    + new TreeSet<>(token.purposes()) + ".");
        }
        return subject;
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
        if (users != null && users.has(name)) {
            return users.named(name, stated);
        }
        Account person = tokens == null ? null : tokens.named(name);
        if (person == null) {
            throw LocalUsers.unknown(name);
        }
        return new StatedIdentity(stated).subject(person, nobody -> null);
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
