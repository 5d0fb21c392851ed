package dev.nicol.server.audit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * What shows the rows of a store, held against what this version of Nicol makes: rows that are as they were written are
 * hidden as well by a view that leaves them out, a table that has become a view, a policy on rows or a trigger.
 */
final class StoreViews {
    private static final String FILE = "migration/R__views.sql";
    private static final Pattern VIEW = Pattern.compile("CREATE VIEW (\\S+) AS\\s(.*?);", Pattern.DOTALL);
    private static final String SCHEMAS = "('internal', '" + String.join("', '", Store.EXPOSED_SCHEMAS) + "')";

    /** Also a function or operator of somebody's, which a plan may show to one role as a constant and to another as another. */
    private static final String STRANGE_IN_POSTGRES = """
            SELECT n.nspname || '.' || c.relname || ' has ' || CASE
                    WHEN c.relkind IN ('p', 'f', 'm') THEN 'its rows elsewhere'
                    WHEN c.relrowsecurity THEN 'row security'
                    WHEN t.oid IS NOT NULL THEN 'the trigger ' || t.tgname
                    WHEN d.objid IS NOT NULL THEN 'a function or operator'
                    ELSE 'the rule ' || r.rulename END
            FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
            LEFT JOIN pg_rewrite r ON r.ev_class = c.oid
            LEFT JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
            WHERE n.nspname IN %1$s AND (c.relkind IN ('p', 'f', 'm') OR c.relrowsecurity OR t.oid IS NOT NULL
                OR d.objid IS NOT NULL OR r.rulename <> '_RETURN')
            ORDER BY 1""".formatted(SCHEMAS);

    private static final String STRANGE_IN_H2 = """
            SELECT table_schema || '.' || table_name || ' has its rows elsewhere' FROM information_schema.tables
            WHERE table_schema IN %1$s AND table_type = 'BASE TABLE' AND storage_type <> 'CACHED'
            UNION
            SELECT synonym_schema || '.' || synonym_name || ' has its rows elsewhere' FROM information_schema.synonyms
            WHERE synonym_schema IN %1$s
            UNION
            SELECT event_object_schema || '.' || event_object_table || ' has the trigger ' || trigger_name
            FROM information_schema.triggers
            WHERE event_object_schema IN %1$s""".formatted(SCHEMAS);

    /** A plan may change with what the planner knows of the tables, between two looks at it. */
    private static final int LOOKS = 3;

    private StoreViews() {}

    /** What is not as it was made, in words; null where all is. */
    static @Nullable String problem(Connection connection) throws SQLException {
        boolean postgres = connection.isWrapperFor(PGConnection.class);
        String strange = first(connection, postgres ? STRANGE_IN_POSTGRES : STRANGE_IN_H2);
        if (strange != null) {
            return strange + ", which is not of Nicol";
        }
        String changed = postgres ? changed(connection) : null;
        if (changed != null) {
            return changed;
        }
        return first(
                connection,
                "SELECT 'the view ' || table_schema || '.' || table_name || ' is not of Nicol'"
                        + " FROM information_schema.views WHERE table_schema IN " + SCHEMAS
                        + " AND table_schema || '.' || table_name NOT IN ('"
                        + String.join("', '", made().keySet()) + "')");
    }

    /** An embedded store is opened by one process, which makes its views anew: nothing is ever answered from others. */
    private static @Nullable String changed(Connection postgres) throws SQLException {
        for (Map.Entry<String, String> view : made().entrySet()) {
            String name = view.getKey();
            if (!exists(postgres, name)) {
                return "the view " + name + " is missing";
            }
            if (!samePlan(postgres, name, view.getValue())) {
                return "the view " + name + " is not as it was made";
            }
        }
        return null;
    }

    /** Makes them anew. */
    static void restore(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            List<String> names = new ArrayList<>(made().keySet());
            Collections.reverse(names);
            for (String name : names) {
                statement.execute("DROP VIEW IF EXISTS " + name);
            }
            for (Map.Entry<String, String> view : made().entrySet()) {
                statement.execute("CREATE VIEW " + view.getKey() + " AS " + view.getValue());
            }
        }
    }

    /** Names of the views with their queries, those that others read first. */
    private static Map<String, String> made() {
        Map<String, String> made = new LinkedHashMap<>();
        try (InputStream file = Objects.requireNonNull(StoreViews.class.getResourceAsStream(FILE), FILE)) {
            Matcher views = VIEW.matcher(new String(file.readAllBytes(), StandardCharsets.UTF_8));
            while (views.find()) {
                made.put(views.group(1), views.group(2));
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return made;
    }

    /** The plan, in which views are resolved: PostgreSQL's text of a view is not that which made it. */
    private static boolean samePlan(Connection connection, String view, String query) throws SQLException {
        for (int look = 0; look < LOOKS; look++) {
            if (plan(connection, "(" + query + ")").equals(plan(connection, view))) {
                return true;
            }
        }
        return false;
    }

    private static List<String> plan(Connection connection, String from) throws SQLException {
        return texts(connection, "EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM " + from + " v");
    }

    private static boolean exists(Connection connection, String view) throws SQLException {
        return !texts(connection, "SELECT table_name FROM information_schema.views" + named(view))
                .isEmpty();
    }

    private static String named(String view) {
        String[] name = view.split("\\.");
        return " WHERE table_schema = '" + name[0] + "' AND table_name = '" + name[1] + "'";
    }

    private static @Nullable String first(Connection connection, String sql) throws SQLException {
        List<String> found = texts(connection, sql);
        return found.isEmpty() ? null : found.get(0);
    }

    private static List<String> texts(Connection connection, String sql) throws SQLException {
        List<String> texts = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                texts.add(rows.getString(1));
            }
        }
        return texts;
    }
}
