package dev.nicol.server.wire;

/**
 * A connection that is not open, or not this principal's: both look alike from outside. Nothing of the request ran.
 */
final class UnknownConnection extends RuntimeException {
    UnknownConnection() {
        super("This connection is not open: it was closed or expired. Open a new one.");
    }
}
