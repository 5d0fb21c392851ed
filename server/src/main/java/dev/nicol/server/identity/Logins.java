package dev.nicol.server.identity;

import dev.nicol.policy.NicolError;
import java.security.cert.X509Certificate;
import java.time.Instant;

/**
 * Every way to log in: an {@code Authorization} header is asked first, and a certificate where there is none. Where there
 * are both they must name the same: whoever holds one person's certificate gains nothing by another's password.
 */
public final class Logins implements Authenticator {
    private final LocalUsers users;
    private final CertificateName certificateName;

    /** @param certificateName the part of a client's certificate that names the subject */
    public Logins(LocalUsers users, CertificateName certificateName) {
        this.users = users;
        this.certificateName = certificateName;
    }

    @Override
    public Principal authenticate(Presented presented) {
        String header = presented.authorization();
        X509Certificate certificate = presented.certificate();
        if (header == null || header.isBlank()) {
            if (certificate == null) {
                throw NicolError.NOT_AUTHENTICATED.because("no credentials; log in with user name and password");
            }
            return users.certified(certificateName.of(certificate)).until(end(certificate));
        }
        Principal principal = byHeader(header, presented.address());
        if (certificate == null) {
            return principal;
        }
        if (!certificateName.of(certificate).equals(principal.name())) {
            throw NicolError.NOT_AUTHENTICATED.because("the certificate names another than the credentials do");
        }
        return principal.until(end(certificate));
    }

    private static Instant end(X509Certificate certificate) {
        return certificate.getNotAfter().toInstant();
    }

    private Principal byHeader(String header, String address) {
        if (header.length() > Presented.MAX_HEADER_LENGTH) {
            throw notUnderstood();
        }
        if (BasicCredentials.isIn(header)) {
            return users.authenticate(BasicCredentials.of(header), address);
        }
        throw notUnderstood();
    }

    private static RuntimeException notUnderstood() {
        return NicolError.NOT_AUTHENTICATED.because(
                "these credentials are not understood; log in with user name and password (Basic)");
    }
}
