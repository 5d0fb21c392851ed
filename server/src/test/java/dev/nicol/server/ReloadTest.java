package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What was prepared under one policy runs under the next. */
class ReloadTest {
    private static final String USERS = """
            users:
              alice: {password: "$HASH", groups: [analysts]}
              steve: {password: "$HASH", roles: [steward]}
              audra: {password: "$HASH", roles: [auditor]}
            """;
    private static final String GRANT = """
            grants:
              - {name: analysts, tables: ["hr.*.emp"], actions: [select, insert, update, delete], to: {groups: [analysts]}}
            """;
    private static final String MASK = """
            column_masks:
              - {name: ssn, columns: ["hr.*.emp.ssn"], mask: {kind: partial, last: 4}}
            """;
    private static final String FILTER = """
            row_filters:
              - {name: own, tables: ["hr.*.emp"], where: "id < 2"}
            """;

    private TestNicol nicol;

    @BeforeEach
    void start() {
        SourceDefinition source = TestDatabases.h2("hr");
        TestDatabases.execute(
                source.url(),
                source.user(),
                source.password(),
                "CREATE TABLE emp (id INTEGER PRIMARY KEY, ssn VARCHAR(20))",
                "INSERT INTO emp VALUES (1, '111-11-1111'), (2, '222-22-2222')");
        nicol = TestNicol.start(List.of(source), USERS, GRANT, "classification: {mask_by_default: false}");
    }

    @AfterEach
    void stop() {
        nicol.close();
    }

    private void load(String policies) throws SQLException, IOException {
        Path file = nicol.directory().resolve("policies/policy.yaml");
        Files.writeString(file, policies);
        nicol.rows("steve", "CALL nicol.reload()");
    }

    private static List<String> rows(PreparedStatement statement) throws SQLException {
        try (ResultSet rows = statement.executeQuery()) {
            return TestNicol.rows(rows);
        }
    }

    @Test
    void aPreparedReadIsMaskedAndFilteredAfterAReload() throws SQLException, IOException {
        try (Connection alice = nicol.connect("alice");
                PreparedStatement all = alice.prepareStatement("SELECT ssn FROM hr.public.emp ORDER BY id");
                PreparedStatement raw = alice.prepareStatement("SELECT id FROM hr.public.emp WHERE ssn = ?")) {
            raw.setString(1, "222-22-2222");
            assertThat(rows(all)).containsExactly("111-11-1111", "222-22-2222");
            assertThat(rows(raw)).containsExactly("2");

            load(GRANT + MASK);
            assertThat(rows(all)).containsExactly("*******1111", "*******2222");
            assertThat(rows(raw)).isEmpty();

            load(GRANT + FILTER + MASK);
            assertThat(rows(all)).containsExactly("*******1111");

            assertThat(nicol.rows("audra", "SELECT DISTINCT user_name FROM nicol.audit.events WHERE kind = 'reload'"))
                    .containsExactly("steve");

            load(GRANT.replace("groups: [analysts]", "users: [steve]"));
            assertThatThrownBy(() -> rows(all))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("42P01"));
        }
    }

    @Test
    void aPreparedWriteObeysTheNewPolicy() throws SQLException, IOException {
        try (Connection alice = nicol.connect("alice");
                PreparedStatement delete = alice.prepareStatement("DELETE FROM hr.public.emp WHERE id = ?");
                PreparedStatement update = alice.prepareStatement("UPDATE hr.public.emp SET ssn = 'x' WHERE ssn = ?")) {
            load(GRANT + FILTER + MASK);
            delete.setInt(1, 2);
            assertThat(delete.executeUpdate()).isZero();
            update.setString(1, "222-22-2222");
            assertThatThrownBy(update::executeUpdate)
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("42501"));
        }
    }
}
