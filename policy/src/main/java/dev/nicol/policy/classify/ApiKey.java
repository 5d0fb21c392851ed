package dev.nicol.policy.classify;

import java.util.regex.Pattern;

/** {@code API_KEY}: keys and tokens that open services. */
final class ApiKey implements Detector {
    private static final Pattern MARKED = Pattern.compile(Secrets.KEY_PREFIXES);
    private static final Pattern RANDOM = Pattern.compile("[A-Za-z0-9+/=_.~-]{16,512}");

    private static final Clues CLUES = Clues.in(ColumnKind.TEXTS)
            .shortest(12)
            .telling(
                    "api key",
                    "apikey",
                    "api token",
                    "access token",
                    "auth token",
                    "secret key",
                    "client secret",
                    "api secret",
                    "access key",
                    "secret access key",
                    "bearer token",
                    "refresh token",
                    "private token",
                    "webhook secret",
                    "signing secret",
                    "app secret",
                    "consumer secret",
                    "secret token",
                    "oauth token",
                    "personal access token",
                    "session token",
                    "aws secret",
                    "encryption key",
                    "shared secret",
                    "service key",
                    "license key api")
            .suggesting("token", "secret", "credential", "key", "auth", "cred")
            .misleading(
                    "primary key",
                    "foreign key",
                    "key id",
                    "partition key",
                    "sort key",
                    "key name",
                    "token count",
                    "public key",
                    "idempotency key",
                    "object key",
                    "cache key",
                    "natural key",
                    "surrogate key",
                    "s3 key")
            .values(
                    Share.of(
                            "are keys with their issuer's mark",
                            value -> MARKED.matcher(value).matches(),
                            0.00005),
                    Share.of("are long and random, as keys are", ApiKey::random, 0.04))
            .clues();

    @Override
    public String entity() {
        return "API_KEY";
    }

    @Override
    public Clues clues() {
        return CLUES;
    }

    private static boolean random(String value) {
        return value.length() >= 16
                && value.length() <= 512
                && RANDOM.matcher(value).matches()
                && value.chars().filter(Character::isDigit).count() >= 2
                && value.chars().filter(Character::isLetter).count() >= 4
                && value.chars().distinct().count() >= 9;
    }
}
