package dev.nicol.server.audit;

import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which store, and whose.
 *
 * @param url {@code jdbc:h2:file:<path>} or {@code jdbc:postgresql:…}
 * @param user the owner of the PostgreSQL store's schemas
 * @param readerUser the role that may read the exposed schemas; null: one is made
 * @param keys the directory of the keys that lie outside the store; null: beside the embedded store
 * @param server the name of the server, and of its chain
 */
public record StoreSettings(
        String url,
        @Nullable String user,
        @Nullable String password,
        @Nullable String readerUser,
        @Nullable String readerPassword,
        @Nullable Path keys,
        String server) {
    public static final String DEFAULT_SERVER = "nicol";

    /** Lower case, because names become directories too. */
    public static final Pattern SERVER_NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,62}");

    public StoreSettings {
        if (!SERVER_NAME.matcher(server).matches()) {
            throw new IllegalArgumentException("`" + server + "` is no name of a server");
        }
    }

    /** Of the embedded store, with everything by default. */
    public static StoreSettings embedded(String url) {
        return new StoreSettings(url, null, null, null, null, null, DEFAULT_SERVER);
    }

    boolean postgres() {
        return url.startsWith(PostgresStore.URL_PREFIX);
    }

    /** Options may carry a password. */
    String urlWithoutOptions() {
        return url.split("[;?]", 2)[0].replaceAll("//[^/@]*@", "//");
    }

    @Override
    public String toString() {
        return "store " + urlWithoutOptions() + " of server " + server;
    }
}
