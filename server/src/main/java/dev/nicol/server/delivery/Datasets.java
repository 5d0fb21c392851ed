package dev.nicol.server.delivery;

import dev.nicol.adapters.SourceDefinition;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Tables under the names that OpenLineage gives them, so that others who report on the same database mean the same. */
final class Datasets {
    private static final int POSTGRESQL_PORT = 5432;
    private static final int MYSQL_PORT = 3306;

    /** A JDBC URL of servers and a database; of several servers the first is taken. Users in it are left out. */
    private static final Pattern SERVERS = Pattern.compile(
            "jdbc:(?:[a-z0-9+]+:)+//(?:[^/@]*@)?(\\[[0-9A-Fa-f:.]+\\]|[^/:,?;()]*)(?::(\\d+))?(?:,[^/]*)?"
                    + "(?:/([^?;/]*))?(?:[?;].*)?");

    /** {@code jdbc:postgresql:database}. */
    private static final Pattern LOCAL = Pattern.compile("jdbc:postgresql:/?([^?;/]+)(?:[?;].*)?");

    private final String ownNamespace;
    private final Map<String, Place> places = new HashMap<>();

    /** A name in OpenLineage. */
    record Dataset(String namespace, String name) {}

    /** Where a source's tables are. {@code database} is null where the schema is the database. */
    private record Place(String namespace, @Nullable String database) {}

    /** @param ownNamespace of what has no server: embedded databases, views, the system's own tables */
    Datasets(String ownNamespace, List<SourceDefinition> sources) {
        this.ownNamespace = ownNamespace;
        for (SourceDefinition source : sources) {
            Place place = place(source);
            if (place != null) {
                places.put(source.name(), place);
            }
        }
    }

    Dataset of(String catalog, String schema, String table) {
        Place place = places.get(catalog);
        if (place == null) {
            return new Dataset(ownNamespace, catalog + "." + schema + "." + table);
        }
        String database = place.database();
        return new Dataset(
                place.namespace(), database == null ? schema + "." + table : database + "." + schema + "." + table);
    }

    Dataset own(String name) {
        return new Dataset(ownNamespace, name);
    }

    private static @Nullable Place place(SourceDefinition source) {
        boolean postgres = source.kind().equals("postgresql");
        if (!postgres && !source.kind().equals("mysql")) {
            return null;
        }
        Matcher servers = SERVERS.matcher(source.url());
        if (servers.matches()) {
            String host = servers.group(1).isEmpty() ? "localhost" : servers.group(1);
            String port = servers.group(2) == null
                    ? Integer.toString(postgres ? POSTGRESQL_PORT : MYSQL_PORT)
                    : servers.group(2);
            String namespace = (postgres ? "postgres" : "mysql") + "://" + host.toLowerCase(Locale.ROOT) + ":" + port;
            if (!postgres) {
                return new Place(namespace, null);
            }
            return database(namespace, servers.group(3), source.user());
        }
        Matcher local = LOCAL.matcher(source.url());
        return postgres && local.matches()
                ? database("postgres://localhost:" + POSTGRESQL_PORT, local.group(1), source.user())
                : null;
    }

    /** PostgreSQL's own rule: the database is named like the user where it is not named. */
    private static @Nullable Place database(String namespace, @Nullable String database, @Nullable String user) {
        String named = database == null || database.isEmpty() ? user : database;
        return named == null ? null : new Place(namespace, named);
    }
}
