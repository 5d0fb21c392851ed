package dev.nicol.server.audit;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who ran statements of a shape, for what.
 *
 * @param digest what it is known by
 * @param context values of {@link #CONTEXT} in its order
 */
record Usage(Shape shape, String digest, List<@Nullable Object> context) {
    static final int DIGEST_DIGITS = 32;

    /** The columns of {@code internal.usages} after {@code usage_id} and {@code digest}. */
    static final List<String> CONTEXT = List.of(
            "server",
            "lineage_id",
            "user_name",
            "agent",
            "on_behalf_of",
            "purpose",
            "job",
            "model",
            "statement_kind",
            "verdict");

    /** Of the statement that an event with an intent tells of. */
    static Usage of(TrailEvent event, String server) {
        Shape shape = Shape.of(event, server);
        return of(event, server, shape, shape.id());
    }

    /** @param shapeId what {@code shape}, which is the event's, is known by */
    static Usage of(TrailEvent event, String server, Shape shape, String shapeId) {
        JsonNode intent = event.intent();
        List<@Nullable Object> context = Arrays.asList(
                server,
                shapeId,
                event.userName(),
                TrailRows.text(intent, "agent"),
                TrailRows.text(intent, "on_behalf_of"),
                TrailRows.text(intent, "purpose"),
                TrailRows.text(intent, "job"),
                TrailRows.text(intent, "model"),
                TrailRows.text(intent, "statement_kind"),
                TrailRows.text(intent, "verdict"));
        return new Usage(shape, EventHash.ofParts(context).substring(0, DIGEST_DIGITS), context);
    }

    String lineageId() {
        return String.valueOf(context.get(CONTEXT.indexOf("lineage_id")));
    }

    /** Its row without {@code usage_id}. */
    List<@Nullable Object> row() {
        List<@Nullable Object> row = new ArrayList<>();
        row.add(digest);
        row.addAll(context);
        return row;
    }
}
