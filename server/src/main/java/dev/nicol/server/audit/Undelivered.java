package dev.nicol.server.audit;

import java.time.Duration;
import java.time.Instant;

/** What of this server's chain has not reached everything that it is delivered to. */
public interface Undelivered {
    /** Nothing is delivered anywhere. */
    Undelivered NOTHING = new Undelivered() {
        @Override
        public Duration holdBack(Instant before) {
            return Duration.ZERO;
        }

        @Override
        public void dropped(long firstId, long lastId) {}
    };

    /** How much longer retention keeps everything, because events from before this moment have not been delivered yet. */
    Duration holdBack(Instant before);

    /** Told of events that have been dropped. */
    void dropped(long firstId, long lastId);
}
