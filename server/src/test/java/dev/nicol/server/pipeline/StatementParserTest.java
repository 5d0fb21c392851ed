package dev.nicol.server.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.nicol.policy.NicolException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.dialect.CalciteSqlDialect;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is accepted as what, and what is refused in which words. */
class StatementParserTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\u0001', textBlock = """
        SELECT         | SELECT * FROM crm.public.customers
        SELECT         | select 1
        SELECT         | SELECT 1;
        SELECT         | SELECT 1 ; -- done
        SELECT         | /* why */ SELECT 1 -- really
        SELECT         | SELECT a FROM t WHERE a != 1 AND b % 2 = 0 ORDER BY 1 LIMIT 5 OFFSET 10
        SELECT         | SELECT a FROM t OFFSET 10 ROWS FETCH NEXT 5 ROWS ONLY
        SELECT         | SELECT a x, COUNT(*) FILTER (WHERE b > 1) FROM t GROUP BY x HAVING COUNT(*) > ?
        SELECT         | SELECT RANK() OVER (PARTITION BY a ORDER BY b RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM t
        SELECT         | SELECT SUM(a) OVER w FROM t WINDOW w AS (ORDER BY b)
        SELECT         | SELECT a FROM t GROUP BY GROUPING SETS ((a), ())
        SELECT         | WITH RECURSIVE r(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r
        SELECT         | SELECT a FROM t UNION ALL (SELECT b FROM u EXCEPT SELECT c FROM v) ORDER BY a
        SELECT         | (SELECT 1)
        SELECT         | VALUES (1, 'a'), (2, NULL)
        SELECT         | TABLE crm.public.customers
        SELECT         | SELECT CAST(a AS TEXT), b::int, -1::bigint, '2024-01-31'::date FROM t
        SELECT         | SELECT DATE '2024-01-31' + INTERVAL '3' MONTH, EXTRACT(YEAR FROM d) FROM t
        SELECT         | SELECT {d '2024-01-31'}, {fn UCASE(a)} FROM t
        SELECT         | SELECT a FROM t, LATERAL (SELECT b FROM u WHERE u.a = t.a) AS l
        SELECT         | SELECT id AS user_id, x AS usage FROM t
        INSERT         | INSERT INTO t (a, b) VALUES (?, DEFAULT), (2, 'x')
        INSERT         | INSERT INTO t SELECT * FROM u
        UPDATE         | UPDATE t SET a = a + 1, b = (SELECT MAX(b) FROM u) WHERE id = ?
        UPDATE         | UPDATE t AS x SET a = 1 WHERE x.id = 2
        DELETE         | DELETE FROM t WHERE id IN (SELECT id FROM u)
        CREATE_TABLE   | CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(20) DEFAULT 'x' UNIQUE)
        CREATE_TABLE   | CREATE TABLE IF NOT EXISTS a.b.t (id INT, PRIMARY KEY (id), CHECK (id > 0))
        CREATE_TABLE   | CREATE TABLE t (id INT, p INT REFERENCES u (id) ON DELETE CASCADE, CONSTRAINT f FOREIGN KEY (id) REFERENCES v)
        CREATE_TABLE   | CREATE TABLE t (a TEXT, b TIMESTAMPTZ, c BOOL, d DECIMAL(38, 10), e TIMESTAMP(6) WITH TIME ZONE, f VARBINARY(9), g UUID)
        CREATE_TABLE   | CREATE TABLE t AS SELECT * FROM u
        CREATE_TABLE   | CREATE TABLE t (a, b) AS SELECT x, y FROM u
        DROP_TABLE     | DROP TABLE t
        DROP_TABLE     | DROP TABLE IF EXISTS crm.public.t RESTRICT
        ALTER_TABLE    | ALTER TABLE t ADD COLUMN c VARCHAR(10) NOT NULL DEFAULT ''
        ALTER_TABLE    | ALTER TABLE t ADD c INTEGER
        ALTER_TABLE    | ALTER TABLE t ADD CONSTRAINT k UNIQUE (a, b)
        ALTER_TABLE    | ALTER TABLE t DROP COLUMN c
        ALTER_TABLE    | ALTER TABLE t DROP c
        ALTER_TABLE    | ALTER TABLE t DROP CONSTRAINT k
        ALTER_TABLE    | ALTER TABLE t RENAME COLUMN a TO b
        ALTER_TABLE    | ALTER TABLE t RENAME TO t2
        ALTER_TABLE    | ALTER TABLE t ALTER COLUMN c SET NOT NULL
        ALTER_TABLE    | ALTER TABLE t ALTER COLUMN c DROP NOT NULL
        ALTER_TABLE    | ALTER TABLE t ALTER COLUMN c SET DEFAULT 5
        ALTER_TABLE    | ALTER TABLE t ALTER c DROP DEFAULT
        ALTER_TABLE    | ALTER TABLE t ALTER COLUMN c TYPE BIGINT
        ALTER_TABLE    | ALTER TABLE t ALTER COLUMN c SET DATA TYPE VARCHAR(50)
        TRUNCATE       | TRUNCATE TABLE crm.public.t
        TRUNCATE       | TRUNCATE t
        CREATE_VIEW    | CREATE VIEW virtual.sales.v AS SELECT 1 AS one
        CREATE_VIEW    | CREATE OR REPLACE VIEW virtual.sales.v (a, b) AS SELECT x, y FROM t ORDER BY x LIMIT 3
        ALTER_VIEW     | ALTER VIEW virtual.sales.v RENAME TO w
        DROP_VIEW      | DROP VIEW IF EXISTS virtual.sales.v
        CREATE_SCHEMA  | CREATE SCHEMA IF NOT EXISTS virtual.sales
        DROP_SCHEMA    | DROP SCHEMA IF EXISTS virtual.sales
        SET            | SET purpose = 'fraud-scoring'
        SET            | SET purpose TO fraud
        SET            | SET schema = 'crm.public'
        CALL           | CALL nicol.approve('7d1', 'fine by me')
        CALL           | CALL nicol.reload()
        COMMIT         | COMMIT
        COMMIT         | COMMIT WORK;
        ROLLBACK       | rollback
        EXPLAIN        | EXPLAIN PLAN FOR SELECT 1
        EXPLAIN        | EXPLAIN PLAN WITHOUT IMPLEMENTATION AS JSON FOR SELECT 1
        EXPLAIN        | EXPLAIN SELECT * FROM t
        EXPLAIN        | EXPLAIN WITH x AS (SELECT 1) SELECT * FROM x
        EXPLAIN        | EXPLAIN DELETE FROM t WHERE id = 1
        EXPLAIN_POLICY | EXPLAIN POLICY FOR SELECT * FROM t
        EXPLAIN_POLICY | EXPLAIN POLICY FOR SELECT * FROM t AS USER 'alice'
        EXPLAIN_POLICY | EXPLAIN POLICY FOR UPDATE t SET a = 1 AS USER 'o''neil';
        EXPLAIN_POLICY | EXPLAIN POLICY FOR DROP TABLE t
        """)
    void namesTheKind(StatementKind kind, String sql) {
        assertThat(StatementParser.kind(StatementParser.parse(sql))).isEqualTo(kind);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\u0001', textBlock = """
        0A000 | GRANT SELECT ON t TO bob                      | `GRANT` is not supported
        0A000 | REVOKE ALL PRIVILEGES ON t FROM bob           | `REVOKE` is not supported
        0A000 | MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = 1 | `MERGE` is not supported
        0A000 | EXPLAIN MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET b = 1 | `MERGE` is not supported
        0A000 | UPSERT INTO t VALUES (1)                      | `UPSERT` is not supported
        0A000 | CREATE INDEX i ON t (a)                       | `CREATE INDEX` is not supported
        0A000 | CREATE OR REPLACE FUNCTION f() RETURNS INT    | `CREATE FUNCTION` is not supported
        0A000 | CREATE OR REPLACE TABLE t (a INT)             | `CREATE OR REPLACE TABLE` is not supported
        0A000 | DROP USER bob                                 | `DROP USER` is not supported
        0A000 | ALTER SYSTEM SET a = 1                        | `ALTER SYSTEM` is not supported
        0A000 | ALTER TABLE t ADD c INTEGER UNIQUE            | Add the column first
        0A000 | vacuum full                                   | `VACUUM` is not supported
        0A000 | COPY t TO PROGRAM 'id'                        | `COPY` is not supported
        0A000 | BEGIN                                         | `BEGIN` is not supported
        0A000 | RESET ALL                                     | `RESET` is not supported
        0A000 | EXPLAIN POLICY FOR COMMIT                     | `EXPLAIN POLICY FOR COMMIT` is not supported
        0A000 | EXPLAIN POLICY FOR EXPLAIN SELECT 1           | `EXPLAIN POLICY FOR EXPLAIN` is not supported
        0A000 | SELECT 1; SELECT 2                            | a second one begins at line 1, column 11
        0A000 | SELECT 1; DROP TABL                           | a second one begins
        42601 | SELEC 1                                       | line 1, column 1: `SELEC` does not begin a statement
        42601 | ;                                             | The statement is empty
        42601 | -- nothing                                    | The statement is empty
        42601 | SELECT                                        | ends too early
        42601 | SELECT a FROM                                 | ends too early
        42601 | SELECT a FROM t WHERE                         | ends too early
        42601 | SELECT a FROM t WHERE a = AND b = 2           | line 1, column 27: found `AND`
        42601 | SELECT a FRM t x y                            | line 1, column 14: found `t`
        42601 | SELECT a, FROM t                              | line 1, column 11: found `FROM`
        42601 | SELECT order FROM t                           | found `order`, which is a reserved word
        42601 | SELECT (1 + 2                                 | ends too early
        42601 | SELECT 1)                                     | line 1, column 9: found `)`
        42601 | SELECT 'abc                                   | a text that is not closed
        42601 | SELECT "abc                                   | a name that is not closed
        42601 | SELECT 1 /* abc                               | a comment is not closed
        42601 | SELECT `a` FROM t                             | Write names in double quotes
        42601 | SELECT a @ b                                  | line 1, column 10: the character `@`
        42601 | CREATE TABLE t (a, b INT)                     | found
        42601 | CREATE TABLE t                                | ends too early
        42601 | DROP TABLE t CASCADE                          | line 1, column 14: found `CASCADE`
        42601 | DROP TABLE t, u                               | line 1, column 13: found `,`
        0A000 | SELECT * FROM t (ssn VARCHAR)                 | Columns declared beside a table
        42601 | INSERT INTO t VALUES (1) RETURNING id         | found `RETURNING`
        42601 | CALL nicol.approve                            | ends too early
        42601 | SELECT 1 AS USER 'alice'                      | found
        """)
    void refuses(String sqlState, String sql, String message) {
        NicolException refusal = refusal(sql);
        assertThat(refusal.error().sqlState()).isEqualTo(sqlState);
        assertThat(refusal).hasMessageContaining(message);
        assertThat(refusal.getMessage()).hasSizeLessThan(400).doesNotContain("java.", "calcite", "\n");
    }

    @Test
    void linesAndColumnsAreThoseOfTheText() {
        assertThat(refusal("SELECT a,\n\t b c d\r\nFROM t")).hasMessageContaining("line 2, column 7: found `d`");
    }

    @Test
    void namesKeepTheirCaseAndCharacters() {
        assertThat(ansi("select Größe, \"łódź 🚲\", x.\"a\"\"b\" from T"))
                .isEqualTo("SELECT \"Größe\", \"łódź 🚲\", \"x\".\"a\"\"b\"\nFROM \"T\"");
    }

    @Test
    void textsKeepTheirCharacters() {
        SqlNode select = StatementParser.parse("SELECT 'łódź 🚲 it''s \\'");
        assertThat(select.toString()).contains("it''s \\");
        assertThat(select.toSqlString(dialect -> dialect.withDialect(CalciteSqlDialect.DEFAULT))
                        .getSql())
                .contains("it''s");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "value",
                "one",
                "dec",
                "day",
                "month",
                "year",
                "date",
                "time",
                "timestamp",
                "count",
                "rank",
                "result",
                "method",
                "language",
                "start",
                "period",
                "type",
                "name",
                "key",
                "level",
                "uuid",
                "function",
                "if",
                "policy",
                "rename",
                "open",
                "close",
                "match",
                "second",
                "month",
                "sum",
                "min",
                "max",
                "old",
                "system",
                "begin",
                "source",
                "json",
                "text",
                "string",
                "condition",
                "identity",
                "none",
                "static",
                "trigger"
            })
    void ordinaryWordsAreNames(String word) {
        for (String sql : new String[] {
            "SELECT " + word + " FROM t",
            "SELECT t." + word + ", " + word + " + 1, COALESCE(" + word + ", 0) FROM t WHERE " + word + " = 1 ORDER BY "
                    + word,
            "SELECT a AS " + word + " FROM t",
            "SELECT " + word + ".a FROM s." + word + " AS " + word,
            "INSERT INTO t (" + word + ") VALUES (1)",
            "UPDATE t SET " + word + " = 1 WHERE " + word + " IS NULL",
            "CREATE TABLE t (" + word + " INTEGER, b INTEGER)",
            "ALTER TABLE t DROP COLUMN " + word
        }) {
            assertThat(StatementParser.parse(sql).toString().toLowerCase(java.util.Locale.ROOT))
                    .as(sql)
                    .contains("`" + word + "`");
        }
    }

    @Test
    void longNamesEndAtALimit() {
        StatementParser.parse("SELECT " + "a".repeat(256));
        NicolException refusal = refusal("SELECT " + "a".repeat(257));
        assertThat(refusal.error().sqlState()).isEqualTo("42601");
        assertThat(refusal).hasMessageContaining("256");
    }

    @Test
    void longListsAreRead() {
        String values = IntStream.range(0, 10_000).mapToObj(Integer::toString).collect(Collectors.joining(","));
        SqlNode select = StatementParser.parse("SELECT a FROM t WHERE a IN (" + values + ")");
        assertThat(StatementParser.kind(select)).isEqualTo(StatementKind.SELECT);
    }

    @Test
    void manyConditionsAreRead() {
        String conditions = IntStream.range(0, 900).mapToObj(i -> "a = " + i).collect(Collectors.joining(" OR "));
        assertThat(StatementParser.kind(StatementParser.parse("SELECT a FROM t WHERE " + conditions)))
                .isEqualTo(StatementKind.SELECT);
    }

    static Stream<Named<String>> bombs() {
        return Stream.of(
                        "SELECT " + "(".repeat(10_000) + "1" + ")".repeat(10_000),
                        "SELECT " + "CASE WHEN 1 = 1 THEN ".repeat(5_000) + "1" + " END".repeat(5_000),
                        "SELECT " + "- ".repeat(200_000) + "1",
                        "SELECT 1 FROM t WHERE " + "NOT ".repeat(200_000) + "TRUE",
                        "SELECT * FROM " + "(SELECT * FROM ".repeat(5_000) + "t" + ")".repeat(5_000),
                        "EXPLAIN POLICY FOR ".repeat(50_000) + "SELECT 1",
                        "SELECT 1 FROM t WHERE a = 1" + " OR a = 2".repeat(100_000),
                        "SELECT 1" + " UNION SELECT 1".repeat(50_000),
                        "SELECT 1 FROM t" + ", u".repeat(50_000),
                        "SELECT 1" + "::int".repeat(100_000),
                        "SELECT 1 FROM t" + " JOIN u ON TRUE".repeat(50_000),
                        "SELECT 1 FROM t" + " CROSS JOIN u".repeat(50_000),
                        "SELECT a" + ".b".repeat(100_000),
                        "SELECT CAST(1 AS INT" + " ARRAY".repeat(100_000) + ")",
                        "SELECT _a" + "._a".repeat(100_000),
                        "SELECT a" + "[1]".repeat(100_000),
                        "SELECT ARRAY" + "[".repeat(10_000) + "1" + "]".repeat(10_000))
                .map(bomb -> Named.of(bomb.substring(0, 40), bomb));
    }

    /** None may take long, either: a bomb that costs a minute to refuse has gone off. */
    @ParameterizedTest
    @MethodSource("bombs")
    @Timeout(10)
    void nestingBombsAreRefused(String bomb) throws InterruptedException {
        NicolException refusal = onSmallStack(bomb);
        assertThat(refusal).isNotNull();
        assertThat(refusal.error().sqlState()).isEqualTo("42601");
        assertThat(refusal.getMessage()).containsAnyOf("nested", "operators");
    }

    @Test
    void honestNestingIsRead() throws InterruptedException {
        assertThat(onSmallStack("SELECT " + "(".repeat(100) + "1" + ")".repeat(100)))
                .isNull();
        assertThat(onSmallStack("SELECT " + "COALESCE(1, ".repeat(100) + "1" + ")".repeat(100)))
                .isNull();
        assertThat(onSmallStack("SELECT * FROM " + "(SELECT * FROM ".repeat(50) + "t" + ")".repeat(50)))
                .isNull();
    }

    @Test
    void tooLongAStatementIsRefused() {
        NicolException refusal = refusal("SELECT '" + "x".repeat(1_000_000) + "'");
        assertThat(refusal.error().sqlState()).isEqualTo("53200");
        assertThat(refusal).hasMessageContaining("1000009").hasMessageContaining("1000000");
    }

    /** Parses on a stack of 512 KiB, what a server's threads may have. */
    private static NicolException onSmallStack(String sql) throws InterruptedException {
        AtomicReference<NicolException> refusal = new AtomicReference<>();
        AtomicReference<Throwable> escaped = new AtomicReference<>();
        Thread thread = new Thread(
                null,
                () -> {
                    try {
                        StatementParser.parse(sql);
                    } catch (NicolException expected) {
                        refusal.set(expected);
                    } catch (Throwable failure) {
                        escaped.set(failure);
                    }
                },
                "small-stack",
                512 * 1024);
        thread.start();
        thread.join();
        assertThat(escaped.get()).isNull();
        return refusal.get();
    }

    private static NicolException refusal(String sql) {
        NicolException refusal = catchThrowableOfType(NicolException.class, () -> StatementParser.parse(sql));
        assertThat(refusal).as("%s is accepted", sql).isNotNull();
        return refusal;
    }

    private static String ansi(String sql) {
        return StatementParser.parse(sql)
                .toSqlString(dialect ->
                        dialect.withDialect(CalciteSqlDialect.DEFAULT).withQuoteAllIdentifiers(true))
                .getSql();
    }
}
