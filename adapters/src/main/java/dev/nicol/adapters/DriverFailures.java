package dev.nicol.adapters;

import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientConnectionException;
import org.jspecify.annotations.Nullable;

/** What a driver's failure means, whatever the source. */
public final class DriverFailures {
    private DriverFailures() {}

    /** Why connecting failed, in words that hold nothing of the driver's: addresses and users stay out. */
    static String reason(SourceAdapter adapter, SQLException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String own = cause instanceof SQLException sql ? adapter.unopened(sql) : null;
            if (own != null) {
                return own;
            }
            String state = cause instanceof SQLException sql ? sql.getSQLState() : null;
            if (state != null && state.startsWith("28")) {
                return "refuses the configured user or password";
            } else if (state != null && state.equals("3D000")) {
                return "has no such database as its URL names";
            }
        }
        return "cannot be reached";
    }

    /** All that is said in a failure and its causes: for the trail. */
    static String detail(@Nullable Throwable failure) {
        StringBuilder detail = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            detail.append(detail.isEmpty() ? "" : "; ").append(cause.getMessage());
        }
        return detail.toString();
    }

    /** Whether a driver found no memory here for what its source sent. */
    static boolean isOutOfMemory(SQLException failure) {
        Throwable cause = failure;
        while (cause != null && !(cause instanceof OutOfMemoryError)) {
            cause = cause.getCause();
        }
        return cause != null;
    }

    /** Whether a failure is the end of its connection. */
    public static boolean isBroken(SQLException failure) {
        String state = failure.getSQLState();
        return failure instanceof SQLNonTransientConnectionException
                || failure instanceof SQLTransientConnectionException
                || failure instanceof SQLRecoverableException
                || (state != null && (state.startsWith("08") || state.startsWith("57P")));
    }
}
