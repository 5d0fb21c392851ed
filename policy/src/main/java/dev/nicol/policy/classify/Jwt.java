package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code JWT}: signed tokens of identity. */
final class Jwt implements Detector {
    private static final Pattern TOKEN = Pattern.compile("eyJ[\\w-]{5,4000}\\.[\\w-]{4,4096}(?:\\.[\\w-]{0,4000})?");

    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(30)
            .telling("jwt", "id token", "json web token", "jwt token")
            .suggesting("token", "access token", "bearer", "auth token", "session")
            .values(Share.of(
                    "are JSON web tokens",
                    value -> value.startsWith("eyJ") && TOKEN.matcher(value).matches(),
                    0.00002))
            .clues();

    @Override
    public String entity() {
        return "JWT";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }
}
