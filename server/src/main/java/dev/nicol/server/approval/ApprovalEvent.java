package dev.nicol.server.approval;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What an event of the trail tells of a request.
 *
 * @param comment who decided said so; empty where nobody said anything
 */
public record ApprovalEvent(String approvalId, String comment) {
    private static final Pattern DETAIL = Pattern.compile("approval ([0-9a-f-]{36})(?:: (.*))?", Pattern.DOTALL);

    /** The detail of such an event. */
    static String detail(String approvalId, String comment) {
        return "approval " + approvalId + (comment.isEmpty() ? "" : ": " + comment);
    }

    /** Null where the detail is of another event. */
    public static @Nullable ApprovalEvent of(@Nullable String detail) {
        Matcher matcher = DETAIL.matcher(detail == null ? "" : detail);
        if (!matcher.matches()) {
            return null;
        }
        String comment = matcher.group(2);
        return new ApprovalEvent(matcher.group(1), comment == null ? "" : comment);
    }
}
