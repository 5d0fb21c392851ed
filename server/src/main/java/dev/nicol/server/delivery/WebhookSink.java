package dev.nicol.server.delivery;

import dev.nicol.server.audit.TrailFeed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** POSTs batches of lines, signed over the moment and the body. */
final class WebhookSink implements Sink {
    private static final String ALGORITHM = "HmacSHA256";

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
        String secret = target.secret();
        if (secret != null) {
            String moment = Long.toString(clock.instant().getEpochSecond());
            headers.put("Nicol-Signature", "t=" + moment + ",v1=" + signature(secret, moment, body));
        }
        post.send(body, headers);
    }

    private static String signature(String secret, String moment, byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), ALGORITHM));
            mac.update((moment + ".").getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HMAC with SHA-256", e);
        }
    }

    @Override
    public void check() throws IOException {
        post.check();
    }

    @Override
    public void close() {}
}
