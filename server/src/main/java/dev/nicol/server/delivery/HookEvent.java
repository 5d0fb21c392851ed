package dev.nicol.server.delivery;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a webhook can be told of. */
public enum HookEvent {
    APPROVAL_REQUESTED("approval.requested", "approval_pending"),
    APPROVAL_DECIDED(
            "approval.decided", "approval_approved", "approval_rejected", "approval_revoked", "approval_cancelled"),
    APPROVAL_EXPIRED("approval.expired", "approval_expired"),
    APPROVAL_EXECUTED("approval.executed", "approval_executed", "approval_failed"),
    APPROVAL_BREAK_GLASS("approval.break_glass", "break_glass"),
    STATEMENT_DENIED("statement.denied", "refused");

    private final String word;
    private final Set<String> kinds;

    HookEvent(String word, String... kinds) {
        this.word = word;
        this.kinds = Set.of(kinds);
    }

    /** As the configuration and what is sent have it. */
    public String word() {
        return word;
    }

    /** Of the events of the trail that tell of it. */
    Set<String> kinds() {
        return kinds;
    }

    /** Null where there is none of that word. */
    public static @Nullable HookEvent of(@Nullable String word) {
        return Arrays.stream(values())
                .filter(event -> event.word.equals(word))
                .findFirst()
                .orElse(null);
    }

    /** All of them. */
    public static List<String> words() {
        return Arrays.stream(values()).map(HookEvent::word).toList();
    }
}
