package dev.nicol.server.identity;

import dev.nicol.policy.NicolError;

/** Every way to log in: an {@code Authorization} header is asked first, and a certificate where there is none. */
public final class Logins implements Authenticator {
    private final LocalUsers users;

    public Logins(LocalUsers users) {
        this.users = users;
    }

    @Override
    public Principal authenticate(Presented presented) {
        String header = presented.authorization();
        if (presented.isEmpty() || header == null) {
            throw NicolError.NOT_AUTHENTICATED.because("no credentials; log in with user name and password");
        }
        if (header.length() > Presented.MAX_HEADER_LENGTH) {
            throw notUnderstood();
        }
        if (BasicCredentials.isIn(header)) {
            return users.authenticate(BasicCredentials.of(header));
        }
        throw notUnderstood();
    }

    private static RuntimeException notUnderstood() {
        return NicolError.NOT_AUTHENTICATED.because(
                "these credentials are not understood; log in with user name and password (Basic)");
    }
}
