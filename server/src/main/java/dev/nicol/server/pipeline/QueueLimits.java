package dev.nicol.server.pipeline;

import java.time.Duration;

/**
 * How many statements run at once until their first row.
 *
 * @param running all together, {@code runningPerUser} of one user
 * @param waiting others that wait at most, each for {@code timeout}
 */
public record QueueLimits(int running, int runningPerUser, int waiting, Duration timeout) {}
