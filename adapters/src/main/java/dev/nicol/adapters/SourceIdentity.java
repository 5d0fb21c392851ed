package dev.nicol.adapters;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Whom a session at a source works for, as that source is told: by settings of the session and by a comment in each
 * statement. What there is not is the empty string.
 */
public final class SourceIdentity {
    /** Nicol itself: reads of the catalogue, samples, what policies look up. */
    public static final SourceIdentity NOBODY = new SourceIdentity("", "", "", "");

    /** Bytes of a name that PostgreSQL keeps. */
    private static final int MAX_NAME_BYTES = 63;

    private final String user;
    private final String agent;
    private final String purpose;
    private final String connectionId;
    private final String comment;

    private SourceIdentity(String user, String agent, String purpose, String connectionId) {
        this.user = user;
        this.agent = agent;
        this.purpose = purpose;
        this.connectionId = connectionId;
        this.comment = comment(
                // sorted, as sqlcommenter has it
                "nicol_agent", agent, "nicol_connection", connectionId, "nicol_purpose", purpose, "nicol_user", user);
    }

    /** @param connectionId as {@code audit.statements.connection_id} has it */
    public static SourceIdentity of(
            String user, @Nullable String agent, @Nullable String purpose, String connectionId) {
        return new SourceIdentity(user, orEmpty(agent), orEmpty(purpose), connectionId);
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    public String user() {
        return user;
    }

    public String agent() {
        return agent;
    }

    public String purpose() {
        return purpose;
    }

    public String connectionId() {
        return connectionId;
    }

    /** Whether it is who acts and why, on a connection that stays the same. */
    public boolean is(String otherUser, @Nullable String otherAgent, @Nullable String otherPurpose) {
        return user.equals(otherUser) && agent.equals(orEmpty(otherAgent)) && purpose.equals(orEmpty(otherPurpose));
    }

    /**
     * What stands behind each statement, in sqlcommenter's form; empty for {@link #NOBODY}. Every value is percent-encoded
     * down to letters, digits and {@code -._~}: none can end the comment, quote, or be taken for a parameter.
     */
    public String comment() {
        return comment;
    }

    /** The statement with the comment behind it; as it is where it ends with one. */
    public static String commented(String sql, String comment) {
        // outside of a quote these two can only be the end of a comment
        return comment.isEmpty() || sql.endsWith("*/") ? sql : sql.concat(comment);
    }

    /** {@code nicol}, {@code nicol/user} or {@code nicol/user/agent}: one word of ASCII, cut to 63 bytes. */
    public String applicationName() {
        StringBuilder name = new StringBuilder("nicol");
        for (String part : new String[] {user, agent}) {
            if (!part.isEmpty()) {
                name.append('/');
                encode(part, name, true);
            }
        }
        return name.substring(0, Math.min(name.length(), MAX_NAME_BYTES));
    }

    private static String comment(String... keysAndValues) {
        StringBuilder comment = new StringBuilder();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            if (!keysAndValues[i + 1].isEmpty()) {
                comment.append(comment.isEmpty() ? " /*" : ",")
                        .append(keysAndValues[i])
                        .append("='");
                encode(keysAndValues[i + 1], comment, false);
                comment.append('\'');
            }
        }
        return comment.isEmpty() ? "" : comment.append("*/").toString();
    }

    /** The text percent-encoded, for a driver's list of attributes. */
    public static String encoded(String text) {
        StringBuilder encoded = new StringBuilder();
        encode(text, encoded, false);
        return encoded.toString();
    }

    private static void encode(String text, StringBuilder to, boolean readable) {
        for (byte unit : text.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = unit >= 'a' && unit <= 'z'
                    || unit >= 'A' && unit <= 'Z'
                    || unit >= '0' && unit <= '9'
                    || "-._~".indexOf(unit) >= 0
                    || readable && unit > ' ' && unit < 127 && unit != '/' && unit != '%';
            if (plain) {
                to.append((char) unit);
            } else {
                to.append('%')
                        .append(Character.toUpperCase(Character.forDigit(unit >> 4 & 15, 16)))
                        .append(Character.toUpperCase(Character.forDigit(unit & 15, 16)));
            }
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || other instanceof SourceIdentity that
                        && user.equals(that.user)
                        && agent.equals(that.agent)
                        && purpose.equals(that.purpose)
                        && connectionId.equals(that.connectionId);
    }

    @Override
    public int hashCode() {
        return Objects.hash(user, agent, purpose, connectionId);
    }

    @Override
    public String toString() {
        return applicationName();
    }
}
