package dev.nicol.server.pipeline;

import dev.nicol.policy.Subject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call of a statement: all that is this call's own, and nothing that a plan may keep.
 *
 * @param subject who sends it; fixed here, whatever the session states later
 * @param sql as it was sent
 * @param parameters the values of its {@code ?}, in order
 */
record Invocation(Session session, Subject subject, String sql, List<@Nullable Object> parameters) {
    Invocation {
        parameters = Collections.unmodifiableList(new ArrayList<>(parameters));
    }

    Invocation(Session session, String sql, List<@Nullable Object> parameters) {
        this(session, session.subject(), sql, parameters);
    }
}
