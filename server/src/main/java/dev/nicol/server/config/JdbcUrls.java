package dev.nicol.server.config;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** JDBC URLs that name a file: its path is relative to the configuration, wherever the server was started. */
final class JdbcUrls {
    private static final Pattern H2_FILE = Pattern.compile("(jdbc:h2:)(file:)?([^;]+)(;.*)?");
    private static final Pattern H2_OTHER = Pattern.compile("(mem|tcp|ssl|zip|nio|nioMapped|async|split|retry):.*");
    private static final Pattern DUCKDB_FILE = Pattern.compile("(jdbc:duckdb:)()([^;:]+)(;.*)?");

    private JdbcUrls() {}

    static String resolve(String url, Path directory) {
        for (Pattern kind : new Pattern[] {H2_FILE, DUCKDB_FILE}) {
            Matcher parts = kind.matcher(url);
            if (parts.matches()) {
                String path = parts.group(3);
                boolean elsewhere =
                        parts.group(2) == null && H2_OTHER.matcher(path).matches();
                if (elsewhere || path.startsWith("~")) {
                    return url;
                }
                return parts.group(1)
                        + (parts.group(2) == null ? "" : parts.group(2))
                        + directory.resolve(path).normalize()
                        + (parts.group(4) == null ? "" : parts.group(4));
            }
        }
        return url;
    }
}
