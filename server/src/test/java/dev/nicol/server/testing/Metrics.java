package dev.nicol.server.testing;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@code /metrics} of a server says. */
public final class Metrics {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private Metrics() {}

    /** The whole page. */
    public static String page(String url) {
        try {
            return HTTP.send(
                            HttpRequest.newBuilder(URI.create(url + "metrics")).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** @param series a name, with its labels where it has any */
    public static double value(String url, String series) {
        Matcher line =
                Pattern.compile("(?m)^" + Pattern.quote(series) + " (\\S+)$").matcher(page(url));
        if (!line.find()) {
            throw new IllegalStateException("there is no `" + series + "`");
        }
        return Double.parseDouble(line.group(1));
    }
}
