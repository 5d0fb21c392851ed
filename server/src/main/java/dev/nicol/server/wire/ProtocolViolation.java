package dev.nicol.server.wire;

/** A request that no correct client sends. The message is shown to the client. */
final class ProtocolViolation extends RuntimeException {
    ProtocolViolation(String message) {
        super(message);
    }
}
