package dev.nicol.server.pipeline;

import dev.nicol.policy.NicolError;
import dev.nicol.server.identity.AccessTokens;
import dev.nicol.server.parser.CreateToken;
import dev.nicol.server.parser.DropToken;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** CREATE TOKEN and DROP TOKEN. */
final class TokenCommands {
    private static final Pattern AFTER = Pattern.compile("(\\d{1,5}) ?([dh])");

    private final AccessTokens tokens;
    private final Clock clock;

    TokenCommands(AccessTokens tokens, Clock clock) {
        this.tokens = tokens;
        this.clock = clock;
    }

    /** Answers with the secret. */
    String create(Session session, CreateToken create) {
        requireLogin(session);
        return tokens.create(
                session.subject(),
                session.issuersId(),
                create.name(),
                Set.copyOf(create.purposes()),
                moment(create.expires()));
    }

    void drop(Session session, DropToken drop) {
        requireLogin(session);
        tokens.drop(session.subject(), drop.name());
    }

    /** Whoever holds a token shall not outlive it. */
    private static void requireLogin(Session session) {
        if (session.isByAccessToken()) {
            throw NicolError.NOT_PERMITTED.because(
                    "A token makes and drops no tokens. Log in with your password or your provider's token.");
        }
    }

    private Instant moment(String text) {
        Matcher after = AFTER.matcher(text);
        if (after.matches()) {
            long number = Long.parseLong(after.group(1));
            return clock.instant()
                    .plus(after.group(2).equals("d") ? Duration.ofDays(number) : Duration.ofHours(number));
        }
        try {
            return text.contains("T")
                    ? OffsetDateTime.parse(text).toInstant()
                    : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
        } catch (DateTimeException none) {
            throw NicolError.SYNTAX.because("EXPIRES takes a moment such as '2027-01-31T00:00:00Z', a day such as"
                    + " '2027-01-31', or a time from now such as '30d' or '12h'.");
        }
    }
}
