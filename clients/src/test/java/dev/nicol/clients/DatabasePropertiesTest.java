package dev.nicol.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the server says of itself is so. */
@Timeout(60)
class DatabasePropertiesTest {
    /** Each function that is listed, as JDBC's escape calls it, and what comes of it. */
    private static final String[][] CALLS = {
        {"ABS(-2)", "2"},
        {"ACOS(1)", "0.0"},
        {"ASIN(0)", "0.0"},
        {"ATAN(0)", "0.0"},
        {"ATAN2(0, 1)", "0.0"},
        {"CEILING(1.2)", "2"},
        {"COS(0)", "1.0"},
        {"COT(1)", "0.6420926159343306"},
        {"DEGREES(0)", "0.0"},
        {"EXP(0)", "1.0"},
        {"FLOOR(1.8)", "1"},
        {"LOG(1)", "0.0"},
        {"LOG10(100)", "2.0"},
        {"MOD(7, 4)", "3"},
        {"PI()", "3.141592653589793"},
        {"POWER(2, 3)", "8.0"},
        {"RADIANS(0)", "0.0"},
        {"ROUND(1.25, 1)", "1.30"},
        {"SIGN(-3)", "-1"},
        {"SIN(0)", "0.0"},
        {"SQRT(9)", "3.0"},
        {"TAN(0)", "0.0"},
        {"TRUNCATE(1.29, 1)", "1.20"},
        {"ASCII('a')", "97"},
        {"CHAR(97)", "a"},
        {"CONCAT('a', 'b')", "ab"},
        {"INSERT('abcd', 2, 1, 'x')", "axcd"},
        {"LCASE('AbC')", "abc"},
        {"LEFT('abc', 2)", "ab"},
        {"LENGTH('abc')", "3"},
        {"LOCATE('b', 'abc')", "2"},
        {"LTRIM('  a')", "a"},
        {"REPEAT('ab', 2)", "abab"},
        {"REPLACE('aba', 'a', 'c')", "cbc"},
        {"RIGHT('abc', 2)", "bc"},
        {"RTRIM('a  ')", "a"},
        {"SOUNDEX('Ann')", "A500"},
        {"SPACE(2)", "  "},
        {"SUBSTRING('abcd', 2, 2)", "bc"},
        {"UCASE('AbC')", "ABC"},
        {"IFNULL(NULL, 'a')", "a"},
        {"USER()", "ann"},
        {"DAYOFMONTH(DATE '2026-05-17')", "17"},
        {"DAYOFWEEK(DATE '2026-05-17')", "1"},
        {"DAYOFYEAR(DATE '2026-05-17')", "137"},
        {"HOUR(TIMESTAMP '2026-05-17 13:14:15')", "13"},
        {"MINUTE(TIMESTAMP '2026-05-17 13:14:15')", "14"},
        {"MONTH(DATE '2026-05-17')", "5"},
        {"QUARTER(DATE '2026-05-17')", "2"},
        {"SECOND(TIMESTAMP '2026-05-17 13:14:15')", "15"},
        {"TIMESTAMPADD(SQL_TSI_DAY, 1, TIMESTAMP '2026-05-17 13:14:15')", "2026-05-18 13:14:15"},
        {"TIMESTAMPDIFF(SQL_TSI_DAY, TIMESTAMP '2026-05-17 13:14:15', TIMESTAMP '2026-05-19 13:14:15')", "2"},
        {"WEEK(DATE '2026-05-17')", "20"},
        {"YEAR(DATE '2026-05-17')", "2026"}
    };

    /** Of the moment: their values are not compared. */
    private static final List<String> NOW = List.of("CURDATE", "CURTIME", "NOW");

    private final ShippedNicol nicol = ShippedNicol.running();

    @Test
    void everyFunctionThatIsListedRuns() throws SQLException {
        TreeSet<String> listed = new TreeSet<>();
        try (Connection connection = DriverManager.getConnection(nicol.url("ann"))) {
            DatabaseMetaData metadata = connection.getMetaData();
            for (String names : List.of(
                    metadata.getNumericFunctions(),
                    metadata.getStringFunctions(),
                    metadata.getSystemFunctions(),
                    metadata.getTimeDateFunctions())) {
                listed.addAll(List.of(names.split(",")));
            }
        }
        TreeSet<String> called = new TreeSet<>(NOW);
        StringBuilder query = new StringBuilder("SELECT {fn CURDATE()}, {fn CURTIME()}, {fn NOW()}");
        List<String> values = new ArrayList<>();
        for (String[] call : CALLS) {
            called.add(call[0].substring(0, call[0].indexOf('(')));
            query.append(", {fn ").append(call[0]).append("}");
            values.add(call[1]);
        }
        assertThat(listed).isEqualTo(called);
        assertThat(nicol.governed("ann", query.toString()))
                .singleElement()
                .asString()
                .endsWith("|" + String.join("|", values));
    }

    /** Columns of a source, so that it or the engine computes them; PostgreSQL by itself says what is right. */
    @Test
    void functionsOfColumns() throws SQLException {
        assertThat(nicol.governed(
                        "ann",
                        "SELECT {fn UCASE(name)}, {fn LEFT(name, 1)}, {fn LOCATE('2', name)}, {fn REPEAT(name, 2)}, {fn ASCII(name)},"
                                + " {fn DAYOFYEAR(born)}, {fn QUARTER(born)}, {fn TIMESTAMPADD(SQL_TSI_DAY, 1, seen)},"
                                + " {fn CEILING(credit)}, {fn MOD(id, 4)}, {fn IFNULL(region, 'x')}"
                                + " FROM crm.public.customers WHERE id <= 5 ORDER BY id"))
                .isEqualTo(nicol.stored(
                        "SELECT upper(name), left(name, 1), position('2' IN name), repeat(name, 2), ascii(name),"
                                + " extract(doy FROM born)::int, extract(quarter FROM born)::int,"
                                + " to_char(seen + INTERVAL '1 day', 'YYYY-MM-DD HH24:MI:SS.MS'), ceiling(credit), id % 4, region"
                                + " FROM customers WHERE id <= 5 AND region = 'EU' ORDER BY id"));
    }

    @Test
    void keywordsAreReserved() throws SQLException {
        try (Connection connection = DriverManager.getConnection(nicol.url("ann"))) {
            assertThat(List.of(connection.getMetaData().getSQLKeywords().split(",")))
                    .contains("LIMIT", "OFFSET", "QUALIFY", "WINDOW");
            assertThat(connection.getMetaData().getIdentifierQuoteString()).isEqualTo("\"");
        }
        for (String word : List.of("LIMIT", "OFFSET", "QUALIFY", "WINDOW")) {
            assertThatThrownBy(() -> nicol.governed("ann", "SELECT 1 AS " + word))
                    .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                            .isEqualTo("42601"));
            assertThat(nicol.governed("ann", "SELECT 1 AS \"" + word + "\"")).containsExactly("1");
        }
    }

    /** On the wire: the Java driver answers with its own name instead. */
    @Test
    void productAndVersion() throws IOException, InterruptedException {
        post("{\"request\":\"openConnection\",\"connectionId\":\"properties\"}");
        String properties = post("{\"request\":\"databaseProperties\",\"connectionId\":\"properties\"}");
        assertThat(properties)
                .contains("\"GET_DATABASE_PRODUCT_NAME\":\"Nicol\"", "\"GET_DEFAULT_TRANSACTION_ISOLATION\":2")
                .containsPattern("\"GET_DATABASE_PRODUCT_VERSION\":\"[0-9]+\\.[0-9]+\\.[0-9]+(-SNAPSHOT)?\"");
        post("{\"request\":\"closeConnection\",\"connectionId\":\"properties\"}");
    }

    private String post(String request) throws IOException, InterruptedException {
        String login =
                Base64.getEncoder().encodeToString(("ann:" + ShippedNicol.PASSWORD).getBytes(StandardCharsets.UTF_8));
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(nicol.address()))
                                .header("Authorization", "Basic " + login)
                                .POST(HttpRequest.BodyPublishers.ofString(request))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
