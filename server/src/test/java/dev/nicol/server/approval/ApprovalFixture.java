package dev.nicol.server.approval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/** A server whose guardrails hold, and people of several groups. Each test has a table of its own: ten orders. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ApprovalFixture {
    /** For tests with a server of their own: one who asks, one who decides, one who looks. */
    static final String DECIDERS = """
            users:
              steve: {password: "$HASH", groups: [stewards]}
              dora: {password: "$HASH", groups: [dba]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    static final String UPDATES_HELD = """
            grants:
              - {name: all, tables: ["crm.**"], actions: [select, update], raw: ["*"], to: {groups: [stewards]}}
            guardrails:
              - {name: updates, statements: [update], action: hold, approvers: {groups: [dba]}}
            """;

    private static final String USERS = """
            users:
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              sue: {password: "$HASH", groups: [stewards]}
              nora: {password: "$HASH", groups: [night]}
              ann: {password: "$HASH", groups: [analysts]}
              dora: {password: "$HASH", groups: [dba]}
              dirk: {password: "$HASH", groups: [dba]}
              olga: {password: "$HASH", groups: [owners]}
              bess: {password: "$HASH", groups: [dba, stewards, oncall]}
              audra: {password: "$HASH", roles: [auditor]}
            agents:
              helper: {password: "$HASH", acts_for: [steve, dora], groups: [stewards, dba], purposes: [tidying]}
            """;
    static final String POLICY = """
            grants:
              - {name: all, tables: ["crm.**"], actions: [select, insert, update, delete, ddl], raw: ["*"], to: {groups: [stewards]}}
              - {name: few, tables: ["crm.**"], actions: [select], to: {groups: [dba, owners]}}
              - {name: two, tables: ["crm.**"], actions: [select], to: {groups: [analysts]}}
              - {name: nights, tables: ["crm.**"], actions: [select, update], raw: ["*"], to: {groups: [night]}}
            row_filters:
              - {name: small, tables: ["crm.*.*"], where: "id < 1000", to: {groups: [night]}}
            column_masks:
              - {name: notes, columns: ["crm.*.*.note"], to: {groups: [dba]}, mask: {kind: redact}}
            guardrails:
              - {name: many-deleted, statements: [delete, update, insert], rows_over: 2, action: hold, approvers: {groups: [dba]}, break_glass: {groups: [oncall]}}
              - {name: far-too-many, statements: [delete, update, insert], rows_over: 8, action: deny}
              - {name: one-row-warned, statements: [delete], rows_over: 0, action: warn}
              - {name: dropped, statements: [drop], action: hold, approvals: 2, approvers: {groups: [dba]}, expires_after: 1h}
              - {name: owners-too, statements: [truncate], action: hold, approvers: {groups: [owners]}}
              - {name: truncated, statements: [truncate], action: hold, approvals: 2, approvers: {groups: [dba]}}
              - {name: altered, statements: [alter], action: hold, approvers: {groups: [dba]}, expires_after: 1s}
            """;

    final String kind;
    private final SourceDefinition source;
    TestNicol nicol;
    int number;
    String table;
    String name;

    ApprovalFixture(SourceDefinition source) {
        this.source = source;
        this.kind = source.kind();
    }

    @BeforeAll
    void start() {
        execute("CREATE TABLE first (id INTEGER PRIMARY KEY, note VARCHAR(20))");
        nicol = TestNicol.start(List.of(source), USERS, POLICY);
    }

    @AfterAll
    void stop() {
        nicol.close();
    }

    @BeforeEach
    void tenOrders() throws SQLException {
        number++;
        name = "orders" + number;
        table = "crm.public." + name;
        execute(
                "CREATE TABLE " + name
                        + " (id INTEGER PRIMARY KEY, amount INTEGER CHECK (amount < 1000), note VARCHAR(20))",
                "INSERT INTO " + name + " VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c'), (4, 40, 'd'), (5, 50, 'e'),"
                        + " (6, 60, 'f'), (7, 70, 'g'), (8, 80, 'h'), (9, 90, 'i'), (10, 100, 'j')");
        nicol.rows("steve", "CALL nicol.reload()");
    }

    void execute(String... statements) {
        TestDatabases.execute(
                source.url(),
                source.user() == null ? "" : source.user(),
                source.password() == null ? "" : source.password(),
                statements);
    }

    String left() throws SQLException {
        return nicol.rows("steve", "SELECT COUNT(*) FROM " + table).get(0);
    }

    String held(String user, String sql) {
        return idIn(refused(user, sql, "NA001"));
    }

    static String idIn(String message) {
        return message.replaceAll("(?s).*as request (\\S+) by.*", "$1");
    }

    String refused(String user, String sql, String sqlState) {
        String[] message = new String[1];
        assertThatThrownBy(() -> nicol.update(user, sql))
                .as(sql)
                .isInstanceOfSatisfying(SQLException.class, failure -> {
                    assertThat(failure.getSQLState()).as(failure.getMessage()).isEqualTo(sqlState);
                    message[0] = failure.getMessage();
                });
        return message[0];
    }

    String call(String user, String call) throws SQLException {
        return nicol.rows(user, "CALL nicol." + call).get(0);
    }

    String state(String id) throws SQLException {
        return nicol.rows("audra", "SELECT state FROM nicol.approval.requests WHERE approval_id = '" + id + "'")
                .get(0);
    }
}
