package dev.nicol.server.delivery;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import dev.nicol.server.audit.TrailFeed;
import io.openlineage.client.OpenLineage;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells an OpenLineage receiver of every statement that has ended, in the trail's order; or a file, an event a line. */
final class OpenLineageSink implements Sink {
    private static final String API = "/api/v1/lineage";
    private static final Logger LOG = LoggerFactory.getLogger(OpenLineageSink.class);

    private static final ObjectMapper JSON = JsonMapper.builder()
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
            .addModule(new SimpleModule().addSerializer(new Moment()))
            .build();

    private final SinkSettings.ToOpenLineage target;
    private final LineageEvents events;
    private final Function<String, @Nullable String> intents;
    private final @Nullable AppendedFile file;
    private final @Nullable HttpPost post;

    /** The last event of the trail whose statement the receiver knows of; for what is left of a batch that broke off. */
    private long posted;

    /** @param intents the payload of a statement's intent; null where the trail does not have it any more */
    OpenLineageSink(
            SinkSettings.ToOpenLineage target,
            Duration timeout,
            Datasets datasets,
            Function<String, @Nullable String> intents) {
        this.target = target;
        this.events = new LineageEvents(target.namespace(), datasets, target.sql());
        this.intents = intents;
        Path path = target.file();
        URI url = target.url();
        this.file = path == null ? null : new AppendedFile(path);
        this.post = url == null ? null : new HttpPost(api(url), timeout);
    }

    private static final class Moment extends StdSerializer<ZonedDateTime> {
        private static final long serialVersionUID = 1L;

        Moment() {
            super(ZonedDateTime.class);
        }

        @Override
        public void serialize(ZonedDateTime moment, JsonGenerator out, SerializerProvider provider) throws IOException {
            out.writeString(DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(moment));
        }
    }

    /** A URL that has a path is taken as it is. */
    private static URI api(URI url) {
        String path = url.getPath();
        return path == null || path.isEmpty() || path.equals("/") ? url.resolve(API) : url;
    }

    @Override
    public void deliver(List<TrailFeed.Line> batch) throws IOException, InterruptedException {
        Map<String, String> begun = new HashMap<>();
        List<String> lines = new ArrayList<>();
        for (TrailFeed.Line line : batch) {
            String statementId = line.statementId();
            if (statementId == null || line.payload() == null) {
                continue;
            }
            if (line.isOutcome() && line.eventId() > posted) {
                String known = begun.remove(statementId);
                String event = event(line, statementId, known == null ? intents.apply(statementId) : known);
                if (event != null && post != null) {
                    post(post, event);
                    posted = line.eventId();
                } else if (event != null) {
                    lines.add(event);
                }
            } else {
                begun.put(statementId, line.payload());
            }
        }
        if (file != null && !lines.isEmpty()) {
            file.append(lines);
        }
    }

    /** Null where there is nothing to tell. */
    private @Nullable String event(TrailFeed.Line line, String statementId, @Nullable String intended) {
        if (intended == null) {
            LOG.warn("the lineage of statement {} is not told: retention has dropped what it was to do", statementId);
            return null;
        }
        try {
            JsonNode intent = JSON.readTree(intended);
            String sqlHash = TrailFeed.sqlHash(intent.path("intent").path("sql").asText());
            OpenLineage.RunEvent event =
                    events.of(statementId, intent, JSON.readTree(String.valueOf(line.payload())), sqlHash);
            return event == null ? null : JSON.writeValueAsString(event);
        } catch (IOException | RuntimeException defect) {
            // it would fail again each time, and hold up all that comes after it
            LOG.error(
                    "the lineage of statement {} is not told: {}",
                    statementId,
                    defect.getClass().getName());
            return null;
        }
    }

    private void post(HttpPost to, String event) throws IOException, InterruptedException {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", "application/json");
        if (target.apiKey() != null) {
            headers.put("Authorization", "Bearer " + target.apiKey());
        }
        to.send(event.getBytes(StandardCharsets.UTF_8), headers);
    }

    @Override
    public void check() throws IOException {
        if (file != null) {
            file.check();
        }
        if (post != null) {
            post.check();
        }
    }

    @Override
    public void close() {
        if (file != null) {
            file.close();
        }
    }
}
