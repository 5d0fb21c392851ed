package dev.nicol.server.audit;

/**
 * Limits of the trail's writer.
 *
 * @param queueLength acts that may wait to be written, 10,000 by default; more are refused once {@code beginTimeoutMs} passed
 * @param groupLength acts written in one transaction at most, 512 by default
 * @param beginTimeoutMs how long one act waits to become durable, 10,000 by default
 * @param retryIntervalMs pause between attempts to write outcomes while the store is broken, 250 by default
 * @param drainTimeoutMs how long closing waits for what is queued, 10,000 by default
 * @param fsyncIntervalMs 0 by default: what was acknowledged survives a power cut, at the price of an fsync a group; else it
 *     survives the end of the process, and a power cut takes the acts of the last so many milliseconds at most
 */
public record TrailSettings(
        int queueLength,
        int groupLength,
        long beginTimeoutMs,
        long retryIntervalMs,
        long drainTimeoutMs,
        long fsyncIntervalMs) {
    public static final TrailSettings DEFAULT = new TrailSettings(10_000, 512, 10_000, 250, 10_000, 0);

    public TrailSettings {
        if (queueLength < 1 || groupLength < 1 || beginTimeoutMs < 1 || retryIntervalMs < 1 || drainTimeoutMs < 1) {
            throw new IllegalArgumentException("every limit of the audit trail must be at least 1");
        }
        if (fsyncIntervalMs < 0) {
            throw new IllegalArgumentException("the interval of fsync must not be negative");
        }
    }

    public TrailSettings withBeginTimeoutMs(long timeoutMs) {
        return new TrailSettings(queueLength, groupLength, timeoutMs, retryIntervalMs, drainTimeoutMs, fsyncIntervalMs);
    }

    public TrailSettings withFsyncIntervalMs(long intervalMs) {
        return new TrailSettings(queueLength, groupLength, beginTimeoutMs, retryIntervalMs, drainTimeoutMs, intervalMs);
    }
}
