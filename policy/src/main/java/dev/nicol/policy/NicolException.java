package dev.nicol.policy;

import org.jspecify.annotations.Nullable;

/** A statement's failure: the code and message the client sees, and the detail that only the audit trail keeps. */
public final class NicolException extends RuntimeException {
    private final NicolError error;
    private final @Nullable String detail;

    NicolException(NicolError error, String message, @Nullable String detail, @Nullable Throwable cause) {
        super(message, cause);
        this.error = error;
        this.detail = detail;
    }

    public NicolError error() {
        return error;
    }

    /** For the audit trail; never for the client. */
    public @Nullable String detail() {
        return detail;
    }
}
