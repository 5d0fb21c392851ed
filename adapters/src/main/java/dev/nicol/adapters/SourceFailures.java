package dev.nicol.adapters;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.sql.SQLException;
import java.util.UUID;

/** A source's failures in the user's terms; the source's own words are for the trail. */
public final class SourceFailures {
    private SourceFailures() {}

    public static NicolException of(SourceAdapter adapter, String source, SQLException failure) {
        if (DriverFailures.isOutOfMemory(failure)) {
            return exhausted(failure);
        }
        String id = UUID.randomUUID().toString();
        NicolError error = adapter.classify(failure);
        String message =
                switch (error) {
                    case DATA ->
                        "A value does not fit: a cast, an arithmetic operation or a function failed at source `"
                                + source + "`";
                    case CONSTRAINT -> "A constraint of source `" + source + "` forbids this write";
                    case TRANSACTION_STATE ->
                        "An earlier statement of this transaction failed at source `" + source
                                + "`: nothing of it is kept. ROLLBACK, then start again";
                    case NOT_PERMITTED ->
                        "Source `" + source
                                + "` does not permit this to the login or role that it is read with. Ask its"
                                + " administrator for the rights";
                    case CANCELLED -> "The statement was cancelled at source `" + source + "`";
                    default -> "Source `" + source + "` failed. Try again; if it stays, give the id to an operator";
                };
        return error.because(
                message + " (id " + id + ").", id + ": " + failure.getSQLState() + " " + failure.getMessage(), failure);
    }

    /** Where Java itself had no room: for a value too large for any array, or for what drivers hold. */
    public static NicolException exhausted(Throwable failure) {
        return NicolError.OUT_OF_BUDGET.because(
                "The server has too little memory for a value or a row of this statement. Select fewer columns or smaller"
                        + " parts of them, try again later, or ask an operator to give Java a larger heap.",
                String.valueOf(failure.getMessage()),
                failure);
    }
}
