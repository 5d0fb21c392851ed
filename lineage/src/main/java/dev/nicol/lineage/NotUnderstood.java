package dev.nicol.lineage;

/** Ends the tracing of a plan that holds something this package does not know. Never leaves the package. */
final class NotUnderstood extends RuntimeException {
    NotUnderstood(String what) {
        // Without a stack trace: it is an answer, and a costly one on every statement of an unknown shape.
        super(what, null, false, false);
    }
}
