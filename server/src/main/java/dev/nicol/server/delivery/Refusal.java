package dev.nicol.server.delivery;

import dev.nicol.policy.NicolException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.FileSystemException;
import java.sql.SQLException;
import java.util.concurrent.TimeoutException;

/** A delivery that failed, in a word of ours: what the receiver said may hold anything, and is kept nowhere. */
final class Refusal extends IOException {
    static final String TIMEOUT = "timeout";

    private static final long serialVersionUID = 1L;

    private final String category;

    Refusal(String category) {
        super(category);
        this.category = category;
    }

    /** The word for any failure. */
    static String category(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof Refusal refusal) {
                return refusal.category;
            } else if (cause instanceof NicolException || cause instanceof SQLException) {
                return "store";
            } else if (cause instanceof HttpTimeoutException
                    || cause instanceof SocketTimeoutException
                    || cause instanceof TimeoutException) {
                return TIMEOUT;
            } else if (cause instanceof UnknownHostException || cause instanceof UnresolvedAddressException) {
                return "unknown_host";
            } else if (cause instanceof ConnectException && !(cause.getCause() instanceof UnresolvedAddressException)) {
                return "not_connected";
            } else if (cause instanceof FileSystemException) {
                return "not_writable";
            }
        }
        return failure instanceof IOException ? "input_output" : "defect";
    }
}
