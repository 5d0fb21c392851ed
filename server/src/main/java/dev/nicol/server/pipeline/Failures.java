package dev.nicol.server.pipeline;

import dev.nicol.adapters.SourceFailures;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.calcite.runtime.CalciteException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whatever goes wrong becomes one of the user's codes; what the engine said stays in the trail. */
final class Failures {
    private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

    /** What the engine says where a sub-query that stands for a value has more than one row. */
    private static final String SEVERAL_ROWS = "more than one value in agg";

    /** How Java tells, from the second time on, that a constant of a compiled plan cannot be computed: in words alone. */
    private static final Pattern OF_A_CONSTANT = Pattern.compile(
            "Exception \\S*\\.(ArithmeticException|NumberFormatException|CalciteException|IllegalArgumentException)\\b");

    private Failures() {}

    static NicolException of(Throwable failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof NicolException known) {
                return known;
            } else if (at instanceof OutOfMemoryError) {
                // wherever it is: Java has one for all, and what closes after it may complain of meeting it again
                return SourceFailures.exhausted(failure);
            }
        }
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof ArithmeticException
                    || at instanceof NumberFormatException
                    || at instanceof CalciteException
                    || at instanceof IllegalArgumentException
                    || at instanceof ExceptionInInitializerError
                            && OF_A_CONSTANT.matcher(message(at)).lookingAt()) {
                return NicolError.DATA.because(
                        "A value does not fit: a cast, an arithmetic operation or a function failed.",
                        String.valueOf(at),
                        failure);
            } else if (at instanceof IllegalStateException && message(at).startsWith(SEVERAL_ROWS)) {
                return NicolError.DATA.because(
                        "A sub-query that stands for one value has several rows. Narrow it, or aggregate.",
                        SEVERAL_ROWS,
                        failure);
            }
        }
        String id = UUID.randomUUID().toString();
        LOG.error("internal failure {}", id, failure);
        return NicolError.INTERNAL.because(
                "Nicol failed on this statement. Nothing was changed by the failure; report id " + id + ".",
                id + ": " + failure,
                failure);
    }

    private static String message(Throwable failure) {
        return String.valueOf(failure.getMessage());
    }
}
