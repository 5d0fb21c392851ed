package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The reads of the governed table's contract, where the rules stand on a view: over one source of each kind, and over two.
 * The oracle is a copy that was filtered and masked by hand.
 */
class GovernedViewTest {
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    abstract static class Contract {
        private TestNicol nicol;
        private String schema;

        abstract SourceDefinition emptySource();

        /** The view's query over the tables {@code emp} and {@code pay} of the source, and {@code pay} of another. */
        String query(String own, String other) {
            return "SELECT e.id, e.name, e.region, p.salary, e.ssn, e.dept FROM " + own + "emp e JOIN " + own
                    + "pay p ON p.id = e.id";
        }

        @BeforeAll
        void start() throws SQLException {
            SourceDefinition source = emptySource();
            SourceDefinition other = TestDatabases.h2("other");
            String pay = "CREATE TABLE pay (id INTEGER NOT NULL PRIMARY KEY, salary INTEGER)";
            String paid = "INSERT INTO pay VALUES (1, 100), (2, 200), (3, 300), (4, 0)";
            String columns = " (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), region VARCHAR(10), salary INTEGER,"
                    + " ssn VARCHAR(20), dept INTEGER)";
            TestDatabases.execute(
                    source.url(),
                    source.user(),
                    source.password(),
                    "CREATE TABLE emp" + columns,
                    "CREATE TABLE emp_alice" + columns,
                    "INSERT INTO emp VALUES (1, 'Ann', 'EU', 1, '111-11-1111', 10), (2, 'Bob', 'US', 2, '222-22-2222', 10),"
                            + " (3, 'Cid', 'EU', 3, '333-33-3333', 20), (4, 'Dee', 'US', 4, '444-44-4444', 20)",
                    "INSERT INTO emp_alice VALUES (1, 'Ann', 'EU', NULL, '*******1111', 10),"
                            + " (3, 'Cid', 'EU', NULL, '*******3333', 20)",
                    pay,
                    paid);
            TestDatabases.execute(other.url(), other.user(), other.password(), pay, paid);
            schema = TestDatabases.schema(source);
            nicol = TestNicol.start(List.of(source, other), """
                    users:
                      alice: {password: "$HASH", groups: [analysts]}
                      steve: {password: "$HASH", groups: [stewards], roles: [steward]}
                    """, """
                    grants:
                      - {name: analysts, tables: ["hr.**", "other.**", "virtual.**"], actions: [select], raw: ["*"], to: {groups: [analysts]}}
                      - {name: stewards, tables: ["**"], actions: [select], raw: ["*"], to: {groups: [stewards]}}
                    row_filters:
                      - {name: europe, tables: ["virtual.v.emp"], to: {groups: [analysts]}, where: "region = 'EU'"}
                    column_masks:
                      - {name: ssn-last4, columns: ["virtual.v.emp.ssn"], to: {groups: [analysts]}, mask: {kind: partial, last: 4, with: "*"}}
                      - {name: no-salary, columns: ["virtual.v.emp.salary"], to: {groups: [analysts]}, mask: {kind: "null"}}
                    """);
            nicol.update("steve", "CREATE SCHEMA virtual.v");
            nicol.update(
                    "steve",
                    "CREATE VIEW virtual.v.emp AS "
                            + query("hr." + schema + ".", "other." + TestDatabases.schema(other) + "."));
        }

        @AfterAll
        void stop() {
            nicol.close();
        }

        @ParameterizedTest
        @MethodSource("dev.nicol.server.testing.GovernedReads#statements")
        void readsAsOverThePhysicalCopy(String sql) throws SQLException {
            List<String> expected = nicol.rows("steve", sql.replace("$emp", "hr." + schema + ".emp_alice"));

            assertThat(nicol.rows("alice", sql.replace("$emp", "virtual.v.emp")))
                    .isEqualTo(expected);
        }
    }

    @Nested
    class OverPostgres extends Contract {
        @Override
        SourceDefinition emptySource() {
            return TestDatabases.postgres("hr");
        }
    }

    @Nested
    class OverMysql extends Contract {
        @Override
        SourceDefinition emptySource() {
            return TestDatabases.mariadb("hr");
        }
    }

    @Nested
    class OverH2 extends Contract {
        @Override
        SourceDefinition emptySource() {
            return TestDatabases.h2("hr");
        }
    }

    @Nested
    class OverDuckdb extends Contract {
        @Override
        SourceDefinition emptySource() {
            return TestDatabases.duckdb("hr");
        }
    }

    @Nested
    class OverTwoSources extends Contract {
        @Override
        SourceDefinition emptySource() {
            return TestDatabases.postgres("hr");
        }

        @Override
        String query(String own, String other) {
            return "SELECT e.id, e.name, e.region, p.salary, e.ssn, e.dept FROM " + own + "emp e JOIN " + other
                    + "pay p ON p.id = e.id";
        }
    }
}
