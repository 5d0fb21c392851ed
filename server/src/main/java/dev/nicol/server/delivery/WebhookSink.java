package dev.nicol.server.delivery;

import dev.nicol.server.audit.TrailFeed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** POSTs batches of lines, signed over the moment and the body. */
final class WebhookSink implements Sink {
    private final HttpPost post;
    private final SinkSettings.ToWebhook target;
    private final String server;
    private final Clock clock;

    WebhookSink(SinkSettings.ToWebhook target, Duration timeout, String server, Clock clock) {
        this.post = new HttpPost(target.url(), timeout);
        this.target = target;
        this.server = server;
        this.clock = clock;
    }

    @Override
    public void deliver(List<TrailFeed.Line> batch) throws IOException, InterruptedException {
        byte[] body = batch.stream()
                .map(line -> line.json() + "\n")
                .collect(Collectors.joining())
                .getBytes(StandardCharsets.UTF_8);
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", "application/x-ndjson");
        headers.put(
                "Idempotency-Key",
                server + ":" + batch.get(0).eventId() + "-"
                        + batch.get(batch.size() - 1).eventId());
        headers.putAll(Signature.headers(target.secret(), clock.instant(), body));
        post.send(body, headers);
    }

    @Override
    public void check() throws IOException {
        post.check();
    }

    @Override
    public void close() {}
}
