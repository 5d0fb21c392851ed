package dev.nicol.server.audit;

import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the acts of a server become links. Used by one thread at a time, where nothing else is said. */
interface Chain extends AutoCloseable {
    /**
     * Writes a group, all of it or nothing, and so that it survives the end of this process.
     *
     * @param force whether it is to survive a power cut too
     * @return what each entry answered
     */
    List<@Nullable Object> write(List<TrailEntry<?>> group, boolean force) throws SQLException;

    /** Whether writing these takes no longer than waking a thread. */
    boolean isQuick(Iterable<TrailEntry<?>> group);

    /** Whether a power cut could take something that was written. */
    boolean unsynced();

    /** Makes what was written survive a power cut. */
    void sync() throws SQLException;

    /** Whether nobody knows if the last group was written. */
    boolean uncertain();

    /**
     * Finds that out.
     *
     * @return the entries of the group where it was written after all; else none
     */
    List<TrailEntry<?>> settle() throws SQLException;

    /** Whether the store can be asked: then it is the act that failed. */
    boolean answers();

    /** Whether what was written earlier cannot be brought to its place. */
    boolean broken();

    /** The last link that can be read from the tables and that a power cut cannot take; null before the first act. */
    TrailTransaction.@Nullable Head durable();

    /**
     * The last link that stands in the tables for good, and so in every later copy of the store; null before the first act. Safe for
     * use by any thread.
     */
    TrailTransaction.@Nullable Head forced() throws SQLException;

    /** Brings what was written to its place. */
    @Override
    void close();
}
