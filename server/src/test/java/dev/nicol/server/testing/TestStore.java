package dev.nicol.server.testing;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.audit.StoreSettings;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The kinds of store there are: tests of what is kept run on each. */
public enum TestStore {
    EMBEDDED {
        @Override
        StoreSettings made(Path directory) {
            return StoreSettings.embedded("jdbc:h2:file:" + directory.resolve("nicol"));
        }
    },
    POSTGRESQL {
        @Override
        StoreSettings made(Path directory) {
            SourceDefinition database = TestDatabases.postgres("store");
            return owned(database.url(), directory.resolve("keys"));
        }
    };

    private static final Map<Path, StoreSettings> POSTGRESQLS = new ConcurrentHashMap<>();

    abstract StoreSettings made(Path directory);

    /** The store of a directory, the same each time; empty at first. */
    public StoreSettings settings(Path directory) {
        return this == EMBEDDED ? made(directory) : POSTGRESQLS.computeIfAbsent(directory, this::made);
    }

    /** The key {@code store} of nicol.yaml, for a store that is empty at first. */
    public String config() {
        Path directory = TestDatabases.directory();
        return config(settings(directory));
    }

    /** The same for a store that is there. */
    public static String config(StoreSettings store) {
        String access = store.user() == null
                ? ""
                : ", user: '" + store.user() + "', password: '" + store.password() + "', keys: '" + store.keys() + "'";
        return "store: {url: '" + store.url() + "'" + access + "}\n";
    }

    /** The same store as another server opens it. */
    public static StoreSettings as(String server, StoreSettings store) {
        return new StoreSettings(
                store.url(),
                store.user(),
                store.password(),
                store.readerUser(),
                store.readerPassword(),
                store.keys(),
                server);
    }

    /** A database of the superuser is given to a role that may only create others. */
    public static StoreSettings owned(String url, Path keys) {
        String database = url.substring(url.lastIndexOf('/') + 1);
        String owner = "owner_of_" + database;
        TestDatabases.execute(
                url,
                "postgres",
                "",
                "CREATE ROLE " + owner + " LOGIN CREATEROLE PASSWORD 'secret of " + database + "'",
                "ALTER DATABASE " + database + " OWNER TO " + owner);
        return new StoreSettings(url, owner, "secret of " + database, null, null, keys, StoreSettings.DEFAULT_SERVER);
    }
}
