package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.server.identity.TokenLoginTest;
import dev.nicol.server.testing.TestKeycloak;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code nicol token}, by somebody whom the issuer's directory knows. */
class TokenCommandsTest {
    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int token(TestNicol nicol, Path file, String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Nicol.run(
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                Stream.concat(
                                Stream.of("token"),
                                Stream.concat(
                                        Stream.of(arguments),
                                        Stream.of("--url", nicol.url(), "--token-file", file.toString())))
                        .toArray(String[]::new));
    }

    @Test
    void checkAsksTheIssuerAndItsDirectory() throws Exception {
        String issuer = TestKeycloak.running().issuer();
        assertThat(checked(
                        issuer,
                        "client_id: nicol, client_secret: nicol-secret, directory: {client_id: nicol-admin,"
                                + " client_secret: admin-secret}"))
                .isEmpty();
        assertThat(checked(
                        issuer,
                        "client_id: nicol, client_secret: wrong, directory: {client_id: nicol-admin,"
                                + " client_secret: wrong}"))
                .hasSize(2)
                .anyMatch(problem -> problem.contains("does not accept `client_id` and `client_secret`"))
                .anyMatch(problem -> problem.contains("the directory does not let its client look"));
        assertThat(checked(issuer + "/", ""))
                .singleElement()
                .asString()
                .contains("identity.oidc: the issuer cannot be asked");
    }

    private List<String> checked(String issuer, String more) throws IOException {
        Files.createDirectories(directory.resolve("policies"));
        Path config = Files.writeString(
                directory.resolve("nicol.yaml"),
                "identity: {oidc: {issuer: '" + issuer + "', audience: nicol" + (more.isEmpty() ? "" : ", ") + more
                        + "}}\n");
        err.getBuffer().setLength(0);
        int exit = Nicol.run(
                new PrintWriter(out, true), new PrintWriter(err, true), "check", "--config", config.toString());
        List<String> problems = err.toString().lines().toList();
        assertThat(exit).isEqualTo(problems.isEmpty() ? 0 : 1);
        return problems;
    }

    @Test
    void aTokenIsMadeListedUsedAndRevoked() throws Exception {
        TestKeycloak keycloak = TestKeycloak.running();
        Path file = Files.writeString(directory.resolve("token"), keycloak.tokenOf("bob", "bi"));
        try (TestNicol nicol = TokenLoginTest.start(
                keycloak.issuer(), "directory: {client_id: nicol-admin, client_secret: admin-secret}")) {
            assertThat(token(nicol, file, "create", "it's mine", "--purpose", "reporting", "--expires", "30d"))
                    .as(err.toString())
                    .isZero();
            String secret = out.toString().strip();
            assertThat(secret).startsWith("nicol_pat_");

            try (Connection connection = nicol.connectWithPassword("bob", secret);
                    Statement statement = connection.createStatement()) {
                assertThat(TestNicol.rows(statement.executeQuery("SELECT name FROM crm.PUBLIC.customers")))
                        .containsExactly("Bob");
            }
            assertThat(token(nicol, file, "list")).isZero();
            String[] row = out.toString().strip().split("\t");
            assertThat(row).contains("bob", "it's mine", "reporting");

            assertThat(token(nicol, file, "revoke", row[0])).isZero();
            assertThatThrownBy(() -> nicol.connectWithPassword("bob", secret).createStatement())
                    .hasMessageContaining("not valid");
            assertThat(token(nicol, file, "revoke", row[0])).isEqualTo(1);
            assertThat(err.toString().strip()).startsWith("You have no token `" + row[0] + "` to revoke");
            assertThat(token(nicol, file, "create", "again", "--expires", "soon"))
                    .isEqualTo(1);
            assertThat(err.toString().strip()).startsWith("EXPIRES takes a moment");
        }
    }
}
