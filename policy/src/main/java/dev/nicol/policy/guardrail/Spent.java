package dev.nicol.policy.guardrail;

/** What a subject's statements came to in a time. */
public record Spent(long statements, long rows, long bytes) {
    /** Both together. */
    public Spent and(Spent other) {
        return new Spent(statements + other.statements, rows + other.rows, bytes + other.bytes);
    }
}
