package dev.nicol.server;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.calcite.avatica.AvaticaClientRuntimeException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Personal access tokens from a terminal: the SQL for them, sent to a server that runs. */
@Command(
        name = "token",
        mixinStandardHelpOptions = true,
        versionProvider = Nicol.Version.class,
        description = "Makes, lists and revokes your personal access tokens.",
        subcommands = {TokenCommands.Create.class, TokenCommands.Listing.class, TokenCommands.Revoke.class})
final class TokenCommands extends Nicol.Group {
    /** Where the server is, and as whom to log in; the password is read from the terminal or standard input. */
    static final class Login {
        @Option(
                names = "--url",
                required = true,
                paramLabel = "URL",
                description = "The server's, such as https://nicol:8765/.")
        String url = "";

        @Option(names = "--user", paramLabel = "NAME", description = "Logs in with this name and its password.")
        @Nullable
        String user;

        @Option(
                names = "--token-file",
                paramLabel = "FILE",
                description = "Logs in with the access token of an issuer that is in this file.")
        @Nullable
        Path tokenFile;

        @Option(
                names = "--property",
                paramLabel = "NAME=VALUE",
                description = "A property of the Avatica driver, such as truststore=ca.p12.")
        Map<String, String> properties = Map.of();

        Connection connect() throws SQLException, IOException {
            Properties info = new Properties();
            info.putAll(properties);
            if (tokenFile != null) {
                info.setProperty("authentication", "BEARER");
                info.setProperty("bearer_token", Files.readString(tokenFile).strip());
                info.setProperty("avatica_user", user == null ? "-" : user);
            } else if (user != null) {
                info.setProperty("authentication", "BASIC");
                info.setProperty("avatica_user", user);
                info.setProperty("avatica_password", Nicol.HashPassword.password("Password: ", null));
            } else {
                throw new IOException("name who you are: --user, or --token-file");
            }
            return DriverManager.getConnection("jdbc:avatica:remote:url=" + url, info);
        }
    }

    /** One statement of a server's SQL, its rows printed. */
    abstract static class Sending implements Callable<Integer> {
        @CommandLine.Mixin
        Login login = new Login();

        @Spec
        @Nullable
        CommandSpec spec;

        abstract String sql();

        @Override
        public Integer call() throws SQLException, IOException {
            try (Connection connection = login.connect();
                    Statement statement = connection.createStatement()) {
                if (statement.execute(sql()) && spec != null) {
                    print(statement.getResultSet(), spec.commandLine().getOut());
                }
            } catch (SQLException | AvaticaClientRuntimeException refused) {
                throw new IOException(said(refused), refused);
            }
            return Nicol.DONE;
        }

        private static void print(ResultSet rows, PrintWriter out) throws SQLException {
            ResultSetMetaData columns = rows.getMetaData();
            while (rows.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= columns.getColumnCount(); i++) {
                    row.add(String.valueOf(rows.getString(i)));
                }
                out.println(String.join("\t", row));
            }
        }

        /** What the server said, without what the driver says around it. */
        private static String said(Exception refused) {
            String message = String.valueOf(refused.getMessage());
            String marker = "Remote driver error: ";
            int at = message.lastIndexOf(marker);
            return at < 0 ? message : message.substring(at + marker.length());
        }

        static String name(String name) {
            return '"' + name.replace("\"", "\"\"") + '"';
        }

        static String text(String text) {
            return "'" + text.replace("'", "''") + "'";
        }
    }

    @Command(
            name = "create",
            mixinStandardHelpOptions = true,
            versionProvider = Nicol.Version.class,
            description = "Makes a token and prints its secret, this once.")
    static final class Create extends Sending {
        @Parameters(paramLabel = "NAME", description = "How you call it.")
        String called = "";

        @Option(names = "--purpose", paramLabel = "PURPOSE", description = "What it may be used for; may be repeated.")
        List<String> purposes = List.of();

        @Option(
                names = "--expires",
                required = true,
                paramLabel = "WHEN",
                description = "A moment, a day, or a time from now such as 30d or 12h.")
        String expires = "";

        @Override
        String sql() {
            String purpose = purposes.isEmpty()
                    ? ""
                    : " PURPOSE " + purposes.stream().map(Sending::text).collect(Collectors.joining(", "));
            return "CREATE TOKEN " + name(called) + purpose + " EXPIRES " + text(expires);
        }
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            versionProvider = Nicol.Version.class,
            description = "Prints your tokens: id, owner, name, purposes, end, when it was revoked.")
    static final class Listing extends Sending {
        @Override
        String sql() {
            return "SELECT token_id, user_name, name, purposes, expires_at, revoked_at FROM nicol.policy.tokens"
                    + " ORDER BY created_at";
        }
    }

    @Command(
            name = "revoke",
            mixinStandardHelpOptions = true,
            versionProvider = Nicol.Version.class,
            description = "Revokes a token by its id; an operator anybody's.")
    static final class Revoke extends Sending {
        @Parameters(paramLabel = "ID", description = "The token's id.")
        String id = "";

        @Override
        String sql() {
            return "CALL nicol.revoke_token(" + text(id) + ")";
        }
    }
}
