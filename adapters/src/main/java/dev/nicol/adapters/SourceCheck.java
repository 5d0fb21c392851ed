package dev.nicol.adapters;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** What a source must prove before its tables are used: asked at each read of its catalogue. */
public interface SourceCheck {
    /** Asks nothing. */
    SourceCheck NONE = (source, connection) -> null;

    /**
     * Asks a source on one of its connections.
     *
     * @return why its tables cannot be used, in words that a client may see; null when they can
     * @throws SQLException when the connection breaks off
     */
    @Nullable
    String problem(Source source, Connection connection) throws SQLException;

    /** The source could not be reached: whoever answers next may be another. */
    default void lost(String source) {}
}
