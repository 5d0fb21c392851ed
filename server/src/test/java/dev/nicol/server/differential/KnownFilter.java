package dev.nicol.server.differential;

import dev.nicol.server.differential.Fixture.Row;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A row filter as a policy file writes it, and what it says of a row, in plain Java: null is SQL's unknown, and no row.
 *
 * @param sql in which {@code $allowed} is the look-up table of the same source, {@code $far} that of another
 */
record KnownFilter(String table, String sql, BiFunction<Row, Reader, @Nullable Boolean> passes) {
    /**
     * Who reads.
     *
     * @param region the attribute of that name
     * @param chief whether in that group
     * @param regions in the look-up table
     * @param least the only {@code min_id} there
     */
    record Reader(String user, String region, boolean chief, List<String> regions, int least) {}

    boolean shows(Row row, Reader reader) {
        return Boolean.TRUE.equals(passes.apply(row, reader));
    }

    private static KnownFilter people(String sql, BiFunction<Row, Reader, @Nullable Boolean> passes) {
        return new KnownFilter("people", sql, passes);
    }

    private static KnownFilter orders(String sql, BiFunction<Row, Reader, @Nullable Boolean> passes) {
        return new KnownFilter("orders", sql, passes);
    }

    private static KnownFilter tags(String sql, BiFunction<Row, Reader, @Nullable Boolean> passes) {
        return new KnownFilter("tags", sql, passes);
    }

    private static boolean among(@Nullable Object value, Object... values) {
        return value != null && List.of(values).contains(value);
    }

    private static boolean over(@Nullable Integer value, int bound) {
        return value != null && value > bound;
    }

    static final List<KnownFilter> ALL = List.of(
            people("region = 'EU'", (row, reader) -> among(row.text("region"), "EU")),
            people("region = ATTRIBUTE('region')", (row, reader) -> among(row.text("region"), reader.region())),
            people(
                    "region = 'EU' OR num < 0",
                    (row, reader) ->
                            among(row.text("region"), "EU") || row.integer("num") != null && row.integer("num") < 0),
            people("num > 1", (row, reader) -> over(row.integer("num"), 1)),
            people(
                    "NOT (region = 'US')",
                    (row, reader) -> row.text("region") != null && !among(row.text("region"), "US")),
            people(
                    "region NOT IN ('US', 'XX') OR region IS NULL",
                    (row, reader) -> !among(row.text("region"), "US", "XX")),
            people("id IN (1, 2, 4, 8, 9)", (row, reader) -> among(row.integer("id"), 1, 2, 4, 8, 9)),
            people(
                    "region IN (SELECT a.region FROM $allowed AS a WHERE a.usr = CURRENT_USER)",
                    (row, reader) -> among(row.text("region"), reader.regions().toArray())),
            people(
                    "EXISTS (SELECT 1 FROM $allowed AS a WHERE a.usr = CURRENT_USER AND a.min_id <= people.id)",
                    (row, reader) -> row.integer("id") >= reader.least()),
            people(
                    "id > (SELECT MIN(a.min_id) FROM $allowed AS a WHERE a.usr = CURRENT_USER)",
                    (row, reader) -> over(row.integer("id"), reader.least())),
            people(
                    "IN_GROUP('chiefs') OR boss IS NOT NULL",
                    (row, reader) -> reader.chief() || row.integer("boss") != null),
            people(
                    "name <> CURRENT_USER AND CHAR_LENGTH(name) < 6",
                    (row, reader) -> row.text("name") != null
                            && row.text("name")
                                            .codePointCount(0, row.text("name").length())
                                    < 6),
            people("MOD(id, 2) = 1", (row, reader) -> row.integer("id") % 2 == 1),
            people(
                    "CASE WHEN num > 2 THEN region ELSE name END LIKE '%U%' OR code = '12'",
                    (row, reader) -> {
                        String text = over(row.integer("num"), 2) ? row.text("region") : row.text("name");
                        return text != null && text.contains("U") || among(row.text("code"), "12");
                    }),
            people(
                    "born BETWEEN DATE '1980-01-01' AND DATE '2000-12-31'",
                    (row, reader) -> row.value("born") != null
                            && row.value("born").toString().compareTo("1980-01-01") >= 0
                            && row.value("born").toString().compareTo("2000-12-31") <= 0),
            people(
                    "COALESCE(score, 0) >= 0 AND NOT IS_AGENT()",
                    (row, reader) -> row.value("score") == null
                            || !row.value("score").toString().startsWith("-")),
            people(
                    "NULLIF(region, 'US') <> 'XX'",
                    (row, reader) -> row.text("region") != null && !among(row.text("region"), "US", "XX")),
            people(
                    "region IN (SELECT a.region FROM $far AS a WHERE a.usr = CURRENT_USER)",
                    (row, reader) -> among(row.text("region"), reader.regions().toArray())),
            people(
                    "NOT EXISTS (SELECT 1 FROM $far AS a WHERE a.usr = CURRENT_USER AND a.region = people.region)",
                    (row, reader) -> !among(row.text("region"), reader.regions().toArray())),
            orders(
                    "qty >= (SELECT MIN(a.min_id) FROM $far AS a WHERE a.usr = CURRENT_USER)",
                    (row, reader) -> over(row.integer("qty"), reader.least() - 1)),
            tags(
                    "NOT (person IN (SELECT a.min_id FROM $far AS a WHERE a.usr = CURRENT_USER))",
                    (row, reader) -> row.value("person") != null && !among(row.integer("person"), reader.least())),
            people("1 = 1", (row, reader) -> true),
            people("1 = 0", (row, reader) -> false),
            orders("person IS NOT NULL", (row, reader) -> row.value("person") != null),
            orders(
                    "qty * 2 > 3 OR amount < 1",
                    (row, reader) -> over(row.integer("qty"), 1)
                            || row.value("amount") != null
                                    && Double.parseDouble(Objects.toString(row.value("amount"))) < 1),
            orders(
                    "person IN (SELECT p.id FROM $people AS p WHERE p.region = ATTRIBUTE('region'))",
                    (row, reader) -> row.value("person") != null
                            && Fixture.PEOPLE.rows().stream()
                                    .anyMatch(person -> Objects.equals(person.value("id"), row.value("person"))
                                            && reader.region().equals(person.text("region")))),
            orders(
                    "region NOT IN (SELECT a.region FROM $allowed AS a WHERE a.usr = CURRENT_USER)",
                    (row, reader) ->
                            row.text("region") != null && !reader.regions().contains(row.text("region"))),
            orders(
                    "note NOT LIKE '%N%'",
                    (row, reader) ->
                            row.text("note") != null && !row.text("note").contains("N")),
            tags("weight > 0", (row, reader) -> over(row.integer("weight"), 0)),
            tags(
                    "tag IN ('VIP', 'OLD') OR IN_GROUP('chiefs')",
                    (row, reader) -> reader.chief() || among(row.text("tag"), "VIP", "OLD")),
            tags(
                    "person = 1 OR person = 9 OR tag = 'NEW'",
                    (row, reader) -> among(row.integer("person"), 1, 9) || among(row.text("tag"), "NEW")));
}
