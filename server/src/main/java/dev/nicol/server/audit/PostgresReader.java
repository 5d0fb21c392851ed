package dev.nicol.server.audit;

import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * The role that the catalog {@code nicol} reads a PostgreSQL store with: it logs in by itself, may SELECT from the exposed
 * schemas, and nothing else. That is looked at before the store is used, whoever made the role.
 */
final class PostgresReader {
    private static final String INSUFFICIENT_PRIVILEGE = "42501";
    private static final String MAC = "HmacSHA256";

    private final Connection owner;
    private final StoreSettings settings;
    private final String role;
    private final String password;
    private final boolean ours;

    PostgresReader(Connection owner, StoreSettings settings) {
        this.owner = owner;
        this.settings = settings;
        String named = settings.readerUser();
        this.ours = named == null;
        this.role = named == null ? settings.user() + "_reader" : named;
        this.password = ours ? derived() : settings.readerPassword() == null ? "" : settings.readerPassword();
    }

    /** Every server of the store comes to the same password, and nobody who does not know the owner's. */
    private String derived() {
        String secret = settings.password();
        if (secret == null || secret.isEmpty()) {
            throw refused("needs a role to be read with, because its owner has no password here", null);
        }
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), MAC));
            return HexFormat.of()
                    .formatHex(mac.doFinal(("nicol.store.reader\0" + role).getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every Java platform has " + MAC, impossible);
        }
    }

    Store.Reader prepare() throws SQLException {
        if (!exists()) {
            create();
        }
        grant();
        try (Connection connection = connect()) {
            check(connection);
        }
        return new Store.Reader("postgresql", settings.url(), role, password);
    }

    private boolean exists() throws SQLException {
        try (PreparedStatement statement = owner.prepareStatement("SELECT 1 FROM pg_roles WHERE rolname = ?")) {
            statement.setString(1, role);
            try (ResultSet row = statement.executeQuery()) {
                return row.next();
            }
        }
    }

    private void create() throws SQLException {
        if (!ours) {
            throw refused("has no role `" + role + "`", null);
        }
        try (Statement statement = owner.createStatement()) {
            statement.execute("CREATE ROLE " + quoted(role)
                    + " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS");
        } catch (SQLException failure) {
            if (INSUFFICIENT_PRIVILEGE.equals(failure.getSQLState())) {
                throw refused("has no role `" + role + "`, and its owner may not create roles", failure);
            }
            throw failure;
        }
        setPassword();
    }

    /** Hashed before it is sent: the statement may be logged. */
    private void setPassword() throws SQLException {
        owner.unwrap(PGConnection.class).alterUserPassword(role, password.toCharArray(), "scram-sha-256");
    }

    /** Also on views that were made since. */
    void grant() throws SQLException {
        try (Statement statement = owner.createStatement()) {
            for (String schema : Store.EXPOSED_SCHEMAS) {
                statement.execute("GRANT USAGE ON SCHEMA " + schema + " TO " + quoted(role));
                statement.execute("GRANT SELECT ON ALL TABLES IN SCHEMA " + schema + " TO " + quoted(role));
            }
        }
    }

    private Connection connect() throws SQLException {
        try {
            return login();
        } catch (SQLException first) {
            if (!ours) {
                throw refused("does not let `" + role + "` log in", first);
            }
            try {
                // the owner's password is another than when the role was made
                setPassword();
                return login();
            } catch (SQLException second) {
                throw refused("does not let `" + role + "` log in", second);
            }
        }
    }

    private Connection login() throws SQLException {
        Properties properties = WriterSession.credentials(settings, "nicol " + settings.server() + " (reader)");
        properties.setProperty("user", role);
        properties.setProperty("password", password);
        return DriverManager.getConnection(settings.url(), properties);
    }

    /** Asked as the reader itself. */
    private void check(Connection connection) throws SQLException {
        List<String> schemas = new ArrayList<>(Store.EXPOSED_SCHEMAS);
        schemas.add("internal");
        String tables = "EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                + " WHERE n.nspname = ANY (?) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
                + " AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'))";
        String sql = "SELECT current_user = ? AND session_user = ? AS itself,"
                + " r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls"
                + " OR EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid) AS powerful,"
                + " has_schema_privilege('internal', 'USAGE') AS inside, " + tables + " AS writes,"
                + " EXISTS (SELECT 1 FROM pg_namespace n WHERE n.nspname = ANY (?)"
                + " AND has_schema_privilege(n.oid, 'CREATE')) AS creates,"
                + " has_table_privilege('audit.events', 'SELECT') AS reads"
                + " FROM pg_roles r WHERE r.rolname = current_user";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, role);
            statement.setString(2, role);
            statement.setArray(3, connection.createArrayOf("text", schemas.toArray()));
            statement.setArray(4, connection.createArrayOf("text", schemas.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next() || !row.getBoolean("itself") || !row.getBoolean("reads")) {
                    throw refused("cannot be read as `" + role + "`", null);
                }
                for (String right : List.of("powerful", "inside", "writes", "creates")) {
                    if (row.getBoolean(right)) {
                        throw refused("gives `" + role + "` more than SELECT on " + Store.EXPOSED_SCHEMAS, null);
                    }
                }
            }
        }
    }

    private static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    private NicolException refused(String what, @Nullable Throwable cause) {
        String message = "The store `" + settings.urlWithoutOptions() + "` " + what
                + ". Create a role that may log in and is a member of none (CREATE ROLE … LOGIN PASSWORD '…'), and name"
                + " it under `store.reader_user` and `store.reader_password`; the server grants it what it needs.";
        return cause == null
                ? NicolError.TRAIL_UNAVAILABLE.because(message)
                : NicolError.TRAIL_UNAVAILABLE.because(message, String.valueOf(cause.getMessage()), cause);
    }
}
