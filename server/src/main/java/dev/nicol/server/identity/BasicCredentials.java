package dev.nicol.server.identity;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** What a Basic {@code Authorization} header carries (RFC 7617, in UTF-8). */
record BasicCredentials(String name, String password) {
    static final String SCHEME = "Basic ";

    /** Whether the header is one of this scheme. */
    static boolean isIn(String header) {
        return header.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
    }

    /** @throws NicolException {@code NOT_AUTHENTICATED} where it carries no name and password of bounded length */
    static BasicCredentials of(String header) {
        try {
            byte[] bytes =
                    Base64.getDecoder().decode(header.substring(SCHEME.length()).trim());
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            int colon = text.indexOf(':');
            if (colon > 0
                    && colon <= UsersReader.MAX_NAME_LENGTH
                    && text.length() - colon - 1 <= PasswordHash.MAX_PASSWORD_LENGTH
                    && text.indexOf('\0') < 0) {
                return new BasicCredentials(text.substring(0, colon), text.substring(colon + 1));
            }
        } catch (IllegalArgumentException | CharacterCodingException e) {
            // told as wrong credentials, below
        }
        throw wrong();
    }

    /** One refusal for an unknown name and a wrong password. */
    static NicolException wrong() {
        return NicolError.NOT_AUTHENTICATED.because("wrong user name or password");
    }

    @Override
    public String toString() {
        return "credentials of " + name;
    }
}
