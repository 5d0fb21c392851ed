package dev.nicol.server.identity;

import com.nimbusds.jwt.JWTClaimsSet;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.Subject;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Base64;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Access tokens of an OpenID Connect issuer (RFC 6750). A token is a human's, an agent's own, or an agent's on behalf of a
 * human; rights are the token's, completed and corrected by the directory where there is one.
 */
final class TokenLogin implements AutoCloseable {
    private static final String SCHEME = "Bearer ";

    private final OidcSettings settings;
    private final TokenVerifier verifier;
    private final CertificateName certificateName;
    private final @Nullable IssuerClient issuer;
    private final @Nullable PasswordGrant passwords;
    private final @Nullable Directory directory;
    private final Function<String, @Nullable Account> declaredAgents;

    /** @param declaredAgents what the users file says of an agent, by its name; null where it says nothing */
    TokenLogin(
            OidcSettings settings,
            Clock clock,
            CertificateName certificateName,
            Function<String, @Nullable Account> declaredAgents) {
        this.certificateName = certificateName;
        IssuerMetadata metadata = new IssuerMetadata(settings.issuer());
        OidcSettings.Client client = settings.client();
        OidcSettings.Directory looked = settings.directory();
        this.settings = settings;
        this.verifier = new TokenVerifier(settings, metadata, clock);
        this.issuer = client == null ? null : new IssuerClient(metadata, client);
        this.passwords = issuer == null || !settings.passwordGrant()
                ? null
                : new PasswordGrant(issuer, token -> principal(token, null), clock);
        this.directory = looked == null ? null : new Directory(looked);
        this.declaredAgents = declaredAgents;
    }

    static boolean isIn(String header) {
        return header.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
    }

    /**
     * @param header an {@code Authorization} header with a bearer token
     * @throws NicolException {@code NOT_AUTHENTICATED}; the message, for the trail, says why
     */
    Principal authenticate(String header, @Nullable X509Certificate certificate) {
        return principal(header.substring(SCHEME.length()).trim(), certificate);
    }

    /** Passwords that the issuer knows; null where they are not for here. */
    @Nullable
    PasswordGrant passwords() {
        return passwords;
    }

    private Principal principal(String token, @Nullable X509Certificate certificate) {
        JWTClaimsSet verified;
        try {
            verified = verifier.verify(token);
        } catch (TokenVerifier.Untrusted untrusted) {
            throw refused(String.valueOf(untrusted.getMessage()));
        }
        TokenClaims claims = new TokenClaims(settings, verified);
        checkBinding(claims.confirmation(), certificate);
        if (settings.introspect() && !isActive(token)) {
            throw refused("the issuer says that the token is not active");
        }
        String agent = claims.agent();
        String name = claims.name();
        if (agent == null && claims.hasActor() || agent != null && isUnfit(agent)) {
            throw refused("the token's actor has no name that can be used");
        } else if (name == null || isUnfit(name)) {
            throw refused("the token has no claim `" + settings.claims().name() + "` with a name that can be used");
        }
        // a token that is bound to the certificate needs no name in it
        if (certificate != null
                && claims.confirmation() == null
                && !certificateName.of(certificate).equals(agent == null ? name : agent)) {
            throw refused("the certificate names another than the token does");
        }
        String means = Principal.BY_TOKEN_OF + claims.subjectId();
        return new Principal(
                agent == null ? name : agent,
                agent != null,
                agent == null ? means : means + " by " + agent,
                verified.getExpirationTime().toInstant().plus(settings.clockSkew()),
                stated -> subject(claims, name, agent, stated));
    }

    private static boolean isUnfit(String name) {
        // a source may take a name with blanks at its end for the one without
        return name.length() > UsersReader.MAX_NAME_LENGTH
                || !name.equals(name.strip())
                || name.chars().anyMatch(Character::isISOControl);
    }

    private boolean isActive(String token) {
        try {
            return issuer != null && issuer.isActive(token);
        } catch (IOException unavailable) {
            throw refused("the issuer cannot be asked whether the token is active");
        }
    }

    /** A token that is bound to a key proves nothing in other hands (RFC 8705). */
    private static void checkBinding(@Nullable Object confirmation, @Nullable X509Certificate certificate) {
        if (confirmation == null) {
            return;
        }
        Object thumbprint = confirmation instanceof Map<?, ?> map && map.size() == 1 ? map.get("x5t#S256") : null;
        try {
            if (!(thumbprint instanceof String expected)
                    || certificate == null
                    || !MessageDigest.isEqual(
                            MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()),
                            Base64.getUrlDecoder().decode(expected))) {
                throw refused("the token is bound to a key that was not shown");
            }
        } catch (GeneralSecurityException | IllegalArgumentException unreadable) {
            throw refused("the token's binding cannot be read");
        }
    }

    private Subject subject(TokenClaims claims, String name, @Nullable String agent, Map<String, String> stated) {
        Map<String, String> known = StatedIdentity.said(stated);
        String client = claims.client();
        if (client != null) {
            known.putIfAbsent("client", client);
        }
        if (agent == null) {
            return new StatedIdentity(known).subject(human(claims, name), nobody -> null);
        }
        if (claims.isOfClientItself()) {
            return new StatedIdentity(known).subject(agentAlone(claims, agent), nobody -> null);
        }
        Account human = human(claims, name);
        known.putIfAbsent("on_behalf_of", name);
        return new StatedIdentity(known).subject(agentFor(claims, agent), asked -> asked.equals(name) ? human : null);
    }

    private Account human(TokenClaims claims, String name) {
        // in a token of an agent the declared purposes are the agent's
        Set<String> purposes = claims.agent() == null ? claims.purposes() : Set.of();
        return account(name, false, claims, purposes);
    }

    private Account agentAlone(TokenClaims claims, String agent) {
        Account declared = declaredAgents.apply(agent);
        Account own = account(agent, true, claims, claims.purposes());
        return declared == null ? own : joined(declared, own.purposes());
    }

    private Account agentFor(TokenClaims claims, String agent) {
        Account declared = declaredAgents.apply(agent);
        if (declared != null) {
            return joined(declared, claims.purposes());
        }
        Directory.Person person = directory == null ? null : directory.byName(TokenClaims.SERVICE_ACCOUNT + agent);
        if (person == null) {
            return new Account(agent, true, Set.of(), Set.of(), Map.of(), claims.purposes(), Set.of());
        }
        return account(agent, true, person, claims.purposes());
    }

    /** What the users file declares of an agent counts; purposes are also its client's at the issuer. */
    private static Account joined(Account declared, Set<String> purposes) {
        Set<String> all = new HashSet<>(declared.purposes());
        all.addAll(purposes);
        return new Account(
                declared.name(), true, declared.groups(), declared.roles(), Map.of(), all, declared.actsFor());
    }

    private Account account(String name, boolean agent, TokenClaims claims, Set<String> purposes) {
        if (directory == null) {
            return new Account(name, agent, claims.groups(), claims.roles(), claims.attributes(), purposes, Set.of());
        }
        Directory.Person person = directory.byId(claims.subjectId());
        if (person == null) {
            throw refused("the directory does not know the token's user");
        }
        return account(name, agent, person, purposes);
    }

    private static Account account(String name, boolean agent, Directory.Person person, Set<String> purposes) {
        if (!person.enabled()) {
            throw refused("`" + name + "` is disabled in the directory");
        }
        Set<String> all = new HashSet<>(purposes);
        all.addAll(TokenClaims.words(person.attributes().getOrDefault("purposes", "")));
        return new Account(name, agent, person.groups(), person.roles(), person.attributes(), all, Set.of());
    }

    /** What the directory says of a human; null where it knows none of that id who still has the name, or there is none. */
    @Nullable
    Account person(String name, String id) {
        Directory.Person person = directory == null ? null : directory.byId(id);
        boolean renamed =
                person != null && settings.claims().name().equals(TokenClaims.USER_NAME) && !name.equals(person.name());
        return person == null || renamed ? null : account(name, false, person, Set.of());
    }

    /** What the directory says of a human of that name, to whoever asks about them; null as {@link #person}. */
    @Nullable
    Account named(String name) {
        Directory.Person person = directory == null ? null : directory.byName(name);
        return person == null || name.startsWith(TokenClaims.SERVICE_ACCOUNT)
                ? null
                : account(name, false, person, Set.of());
    }

    private static NicolException refused(String reason) {
        return NicolError.NOT_AUTHENTICATED.because(reason);
    }

    @Override
    public void close() {
        if (directory != null) {
            directory.close();
        }
    }
}
