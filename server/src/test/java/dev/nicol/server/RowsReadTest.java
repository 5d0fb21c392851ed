package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TouchedRowsFixture;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Which rows a query was given, as the trail tells it. */
@ParameterizedClass
@EnumSource(TouchedRowsFixture.Kind.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RowsReadTest {
    @Parameter
    TouchedRowsFixture.Kind kind;

    private TouchedRowsFixture crm;
    private TestNicol nicol;

    @BeforeParameterizedClassInvocation
    void start() {
        crm = TouchedRowsFixture.start(kind);
        nicol = crm.nicol();
    }

    @AfterParameterizedClassInvocation
    void stop() {
        if (crm != null) {
            crm.close();
        }
    }

    private String t(String table) {
        return crm.table(table);
    }

    private List<String> touched(String user, String sql, Object... values) throws SQLException {
        return crm.touched(user, sql, values);
    }

    private List<String> ofLast(String user) throws SQLException {
        return crm.ofLast(user);
    }

    @Test
    void aPointReadTellsItsRow() throws SQLException {
        assertThat(touched("ann", "SELECT email FROM " + t("customers") + " WHERE id = 3"))
                .containsExactly("customers read 3");
        assertThat(touched("ann", "SELECT email FROM " + t("customers") + " WHERE id = ?", 4))
                .containsExactly("customers read 4");
        assertThat(touched("ann", "SELECT email FROM " + t("customers") + " WHERE id = 999"))
                .isEmpty();
        assertThat(touched(
                        "ann",
                        "SELECT name AS row_key, 1 AS row_key0 FROM " + t("customers") + " WHERE email = ?",
                        "person5@example.org"))
                .containsExactly("customers read 5");
    }

    /** A column with the tag, or any of a listed table. */
    @Test
    void whatIsNotNamedIsNotTold() throws SQLException {
        assertThat(touched("ann", "SELECT name FROM " + t("customers") + " WHERE id = 3"))
                .isEmpty();
        assertThat(touched("ann", "SELECT x FROM " + t("plain"))).isEmpty();
        assertThat(touched("ann", "SELECT 1 FROM " + t("orders") + " WHERE total > 25"))
                .containsExactly("orders read 102");
        assertThat(touched("ann", "EXPLAIN PLAN FOR SELECT email FROM " + t("customers")))
                .isEmpty();
        assertThat(touched(
                        "ann",
                        "SELECT p.id FROM " + t("plain") + " AS p JOIN " + t("customers")
                                + " AS c ON c.id = p.id WHERE p.id = 2"))
                .isEmpty();
    }

    /** The rows, their names and types, and their order are those of the statement. */
    @Test
    void theClientSeesNothingOfIt() throws SQLException {
        try (Connection connection = nicol.connect("ann");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT email, name FROM " + t("customers") + " WHERE id < 4 ORDER BY id DESC")) {
            assertThat(rows.getMetaData().getColumnCount()).isEqualTo(2);
            assertThat(TestNicol.rows(rows))
                    .containsExactly("person3@example.org|N3", "person2@example.org|N2", "person1@example.org|N1");
        }
        assertThat(nicol.rows("ann", "SELECT * FROM " + t("seats") + " WHERE hall = 'B'"))
                .containsExactly("B|1|Cid");
        assertThat(nicol.rows(
                        "ann",
                        "SELECT DISTINCT holder FROM (SELECT holder FROM " + t("seats") + ") AS s WHERE holder < 'Ba'"))
                .containsExactly("Ann");
        assertThat(nicol.rows("ann", "EXPLAIN PLAN FOR SELECT email FROM " + t("customers"))
                        .toString())
                .doesNotContain("row key", "row_key");
    }

    @Test
    void joinsTellTheRowsOfBothSides() throws SQLException {
        String join = " JOIN " + t("orders") + " AS o ON o.customer_id = c.id ";
        assertThat(touched("ann", "SELECT c.email, o.total FROM " + t("customers") + " AS c" + join + "WHERE c.id = 1"))
                .containsExactly("customers read 1", "orders read 100", "orders read 101");
        assertThat(touched(
                        "ann",
                        "SELECT c.email, o.total FROM " + t("customers") + " AS c LEFT" + join
                                + "WHERE c.id IN (2, 3)"))
                .containsExactly("customers read 2", "customers read 3", "orders read 102");
        assertThat(touched(
                        "ann",
                        "SELECT c.email, o.total FROM " + t("orders") + " AS o LEFT JOIN " + t("customers")
                                + " AS c ON o.customer_id = c.id AND c.id > 1 WHERE o.id > 100"))
                .containsExactly("customers read 2", "orders read 101", "orders read 102", "orders read 103");
        assertThat(touched(
                        "ann",
                        "SELECT a.email, b.email FROM " + t("customers") + " AS a, " + t("customers")
                                + " AS b WHERE a.id = 1 AND b.id = 2"))
                .containsExactly("customers read 1", "customers read 2");
    }

    @Test
    void joinsAcrossSources() throws SQLException {
        assertThat(touched(
                        "ann",
                        "SELECT c.email, s.score FROM " + t("customers")
                                + " AS c JOIN lake.public.scores AS s ON s.id = c.id"))
                .containsExactly("customers read 1", "customers read 2", "scores read 1", "scores read 2");
        assertThat(touched("ann", "SELECT s.score FROM lake.public.scores AS s WHERE s.id = 30"))
                .containsExactly("scores read 30");
    }

    @Test
    void limitsSortsWindowsAndViewsKeepRowsApart() throws SQLException {
        assertThat(touched("ann", "SELECT email FROM " + t("customers") + " ORDER BY id DESC LIMIT 2"))
                .containsExactly("customers read 11", "customers read 12");
        assertThat(touched(
                        "ann",
                        "SELECT email, ROW_NUMBER() OVER (ORDER BY id) AS n FROM " + t("customers")
                                + " WHERE id BETWEEN 5 AND 6"))
                .containsExactly("customers read 5", "customers read 6");
        assertThat(touched(
                        "ann",
                        "WITH w AS (SELECT id, email FROM " + t("customers")
                                + " ORDER BY id LIMIT 3) SELECT w.email FROM w WHERE w.id > 2"))
                .containsExactly("customers read 3");
        assertThat(touched(
                        "ann",
                        "SELECT c.email, l.total FROM " + t("customers")
                                + " AS c, LATERAL (SELECT o.total FROM " + t("orders")
                                + " AS o WHERE o.customer_id = c.id) AS l WHERE c.id = 2"))
                .containsExactly("customers read 2", "orders read 102");
        crm.run("ann", "CREATE SCHEMA virtual." + kind.name().toLowerCase(Locale.ROOT));
        String view = "virtual." + kind.name().toLowerCase(Locale.ROOT) + ".mails";
        crm.run("ann", "CREATE VIEW " + view + " AS SELECT id AS number_, UPPER(email) AS mail FROM " + t("customers"));
        assertThat(touched("ann", "SELECT v.mail FROM " + view + " AS v WHERE v.number_ = 7"))
                .containsExactly("customers read 7");
        assertThat(touched(
                        "ann",
                        "SELECT v.mail, o.total FROM " + view + " AS v JOIN " + t("orders")
                                + " AS o ON o.customer_id = v.number_ WHERE v.number_ = 2"))
                .containsExactly("customers read 2", "orders read 102");
    }

    /** The key is told by its stored value, whatever is shown of it; hidden rows are not read. */
    @Test
    void aKeyThatIsMaskedOrDeniedIsTold() throws SQLException {
        assertThat(touched("bea", "SELECT id, email FROM " + t("customers") + " WHERE name IN ('N3', 'N4')"))
                .containsExactly("customers read 4");
        assertThat(nicol.rows("bea", "SELECT id, name FROM " + t("customers") + " WHERE name = 'N4'"))
                .containsExactly("null|N4");
        assertThat(touched("dan", "SELECT email FROM " + t("customers") + " WHERE name IN ('N3', 'N4')"))
                .containsExactly("customers read 3", "customers read 4");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT DISTINCT column_name FROM nicol.audit.column_access WHERE statement_id ="
                                + " (SELECT MAX(statement_id) FROM nicol.audit.statements WHERE user_name = 'dan')"))
                .extracting(column -> column.toLowerCase(Locale.ROOT))
                .containsExactlyInAnyOrder("email", "name");
        assertThatThrownBy(() -> nicol.rows("dan", "SELECT row_key FROM " + t("customers")))
                .isInstanceOf(SQLException.class);
    }

    /** What the client did not take was not handed out. */
    @Test
    void onlyRowsThatWereDeliveredAreTold() throws SQLException {
        try (Connection connection = nicol.connect("ann");
                Statement statement = connection.createStatement()) {
            statement.setMaxRows(2);
            try (ResultSet rows = statement.executeQuery("SELECT email FROM " + t("customers") + " ORDER BY id")) {
                assertThat(TestNicol.rows(rows)).hasSize(2);
            }
        }
        assertThat(ofLast("ann")).containsExactly("customers read 1", "customers read 2");
    }

    /** Rows of a third of a megabyte come one by one. */
    @Test
    void aCursorThatIsClosedEarlyTellsWhatItHandedOut() throws SQLException {
        try (Connection connection = nicol.connect("ann");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT body FROM " + t("bodies") + " ORDER BY id")) {
            assertThat(rows.next()).isTrue();
        }
        assertThat(ofLast("ann")).contains("bodies read 1").doesNotContain("bodies read 4", "bodies read ?");
    }

    /** One row for the table, with no key. */
    @Test
    void rowsThatAreMergedAreNotTold() throws SQLException {
        String customers = t("customers");
        assertThat(touched("ann", "SELECT COUNT(*) FROM " + customers + " WHERE email LIKE 'person1@%'"))
                .containsExactly("customers read ?");
        assertThat(touched("ann", "SELECT DISTINCT email FROM " + customers)).containsExactly("customers read ?");
        assertThat(touched(
                        "ann",
                        "SELECT email FROM " + customers + " WHERE id = 1 UNION ALL SELECT email FROM " + customers
                                + " WHERE id = 2"))
                .containsExactly("customers read ?");
        assertThat(touched(
                        "ann",
                        "SELECT total FROM " + t("orders") + " WHERE customer_id IN (SELECT id FROM " + customers
                                + " WHERE email LIKE 'person2@%')"))
                .containsExactly("customers read ?", "orders read 102");
        assertThat(touched(
                        "ann",
                        "SELECT o.total, (SELECT MAX(c.email) FROM " + customers + " AS c) FROM " + t("orders")
                                + " AS o WHERE o.id = 100"))
                .containsExactly("customers read ?", "orders read 100");
        assertThat(touched("ann", "SELECT note FROM " + t("notes"))).containsExactly("notes read ?");
        assertThat(touched(
                        "ann",
                        "SELECT c.email, o.n FROM " + customers
                                + " AS c JOIN (SELECT customer_id, COUNT(*) AS n FROM " + t("orders")
                                + " GROUP BY customer_id) AS o ON o.customer_id = c.id WHERE c.id = 2"))
                .containsExactly("customers read 2", "orders read ?");
    }

    @Test
    void moreThanTheBoundAreNotTold() throws SQLException {
        assertThat(touched("ann", "SELECT email FROM " + t("customers") + " WHERE id <= " + TouchedRowsFixture.MOST))
                .hasSize(TouchedRowsFixture.MOST);
        assertThat(touched(
                        "ann", "SELECT email FROM " + t("customers") + " WHERE id <= " + (TouchedRowsFixture.MOST + 1)))
                .containsExactly("customers read ?");
        assertThat(touched(
                        "ann",
                        "SELECT c.email, o.total FROM " + t("customers") + " AS c LEFT JOIN " + t("orders")
                                + " AS o ON o.customer_id = c.id ORDER BY c.id"))
                .containsExactly("customers read ?", "orders read 100", "orders read 101", "orders read 102");
    }

    @Test
    void compositeAndTextKeys() throws SQLException {
        assertThat(touched("ann", "SELECT holder FROM " + t("seats") + " WHERE seat = 1"))
                .containsExactly("seats read A,1", "seats read B,1");
        assertThat(touched("ann", "SELECT given FROM " + t("codes") + " WHERE code = 'X-1'"))
                .containsExactly("codes read X-1");
        assertThat(touched("ann", "SELECT given FROM " + t("codes") + " WHERE code <> 'X-1'"))
                .containsExactly("codes read x-1", "codes read y");
    }

    /** What it was about to write stands beside its outcome; what never reached a source does not. */
    @Test
    void whoTouchedThisRow() throws SQLException {
        String question = "SELECT s.user_name, t.access, t.certain, COUNT(*) FROM TABLE(nicol.audit.touched('"
                + t("customers") + "', '%s')) AS t JOIN nicol.audit.statements AS s ON s.statement_id = t.statement_id"
                + " WHERE s.sql_text LIKE '%%%s%%' GROUP BY s.user_name, t.access, t.certain ORDER BY t.certain DESC";
        nicol.rows("ann", "SELECT email AS q1 FROM " + t("customers") + " WHERE id = 8");
        nicol.rows("ann", "SELECT email AS q1 FROM " + t("customers") + " WHERE id IN (8, 9)");
        nicol.rows("bea", "SELECT MAX(email) AS q1 FROM " + t("customers"));
        assertThat(nicol.rows("audra", question.formatted("8", "q1")))
                .containsExactly("ann|read|true|2", "bea|read|false|1");
        assertThat(nicol.rows("audra", question.formatted("9.0", "q1")))
                .containsExactly("ann|read|true|1", "bea|read|false|1");
        assertThatThrownBy(() -> nicol.rows("bea", question.formatted("8", "q1")))
                .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState())
                        .isEqualTo("42501"));
        assertThatThrownBy(() -> nicol.rows("audra", question.formatted("eight", "q1")))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("no value of the primary key");
        assertThatThrownBy(() ->
                        nicol.rows("audra", "SELECT * FROM TABLE(nicol.audit.touched('" + t("seats") + "', 'A'))"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("2 columns");
        nicol.rows("ann", "SELECT holder AS q2 FROM " + t("seats") + " WHERE hall = 'A' AND seat = 2");
        assertThat(nicol.rows(
                        "audra",
                        "SELECT s.sql_text FROM TABLE(nicol.audit.touched('" + t("seats")
                                + "', 'A', '2')) AS t JOIN nicol.audit.statements AS s ON s.statement_id = t.statement_id"
                                + " WHERE s.sql_text LIKE '%q2%'"))
                .hasSize(1);
    }

    /** Others read what they touched themselves. */
    @Test
    void rowsAreGovernedAsTheirStatementsAre() throws SQLException {
        nicol.rows("ann", "SELECT email FROM " + t("customers") + " WHERE id = 2");
        nicol.rows("bea", "SELECT email FROM " + t("customers") + " WHERE name = 'N2'");
        assertThat(nicol.rows(
                        "bea",
                        "SELECT DISTINCT s.user_name FROM nicol.audit.rows_touched AS r JOIN"
                                + " nicol.audit.statements AS s ON s.statement_id = r.statement_id"))
                .containsExactly("bea");
    }
}
