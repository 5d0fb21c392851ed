package dev.nicol.server.wire;

import dev.nicol.adapters.SourceFailures;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.util.List;
import java.util.UUID;
import org.apache.calcite.avatica.AvaticaSeverity;
import org.apache.calcite.avatica.remote.Service.ErrorResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a client is told of a failure: SQLSTATE, number and message. No stack trace, no cause, no class name. */
final class ErrorAnswers {
    /**
     * Added to {@link NicolError#number()}. Avatica's clients read 1 as "connection missing, open it again" and 2 as
     * "unauthorized".
     */
    static final int NUMBER_BASE = 1000;

    private static final String CONNECTION_DOES_NOT_EXIST = "08003";
    private static final String PROTOCOL_VIOLATION = "08P01";
    private static final int PROTOCOL_VIOLATION_NUMBER = 999;

    private static final Logger LOGGER = LoggerFactory.getLogger(ErrorAnswers.class);

    private ErrorAnswers() {}

    static ErrorResponse of(Throwable failure) {
        if (failure instanceof OutOfMemoryError) {
            // a value of many megabytes, when it was written into its frame
            return of(SourceFailures.exhausted(failure));
        }
        if (failure instanceof NicolException refused) {
            if (refused.error() == NicolError.INTERNAL) {
                LOGGER.error("A statement failed inside Nicol", failure);
            }
            return answer(refused.error(), String.valueOf(refused.getMessage()));
        }
        if (failure instanceof UnknownConnection unknown) {
            return answer(
                    ErrorResponse.MISSING_CONNECTION_ERROR_CODE,
                    CONNECTION_DOES_NOT_EXIST,
                    String.valueOf(unknown.getMessage()));
        }
        if (failure instanceof ProtocolViolation violation) {
            return answer(PROTOCOL_VIOLATION_NUMBER, PROTOCOL_VIOLATION, String.valueOf(violation.getMessage()));
        }
        String correlationId = UUID.randomUUID().toString();
        LOGGER.error("A request failed, correlation id {}", correlationId, failure);
        return answer(
                NicolError.INTERNAL,
                "Nicol could not answer this request. Give the id `" + correlationId + "` to its operator.");
    }

    static ErrorResponse answer(NicolError error, String message) {
        return answer(NUMBER_BASE + error.number(), error.sqlState(), message);
    }

    private static ErrorResponse answer(int number, String sqlState, String message) {
        return new ErrorResponse(List.of(), message, number, sqlState, AvaticaSeverity.ERROR, null);
    }
}
