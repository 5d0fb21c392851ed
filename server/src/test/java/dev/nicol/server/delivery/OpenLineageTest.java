package dev.nicol.server.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import dev.nicol.server.testing.TestStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Statements in, events of OpenLineage out, which are what its published schemas say. */
@ParameterizedClass
@EnumSource(TestStore.class)
class OpenLineageTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String KEY = "key-of-the-lineage-server";

    /** By the name under which they are published. */
    private static final Map<String, String> SCHEMAS = Stream.of(
                    "OpenLineage",
                    "ColumnLineageDatasetFacet",
                    "ErrorMessageRunFacet",
                    "JobTypeJobFacet",
                    "OutputStatisticsOutputDatasetFacet",
                    "ProcessingEngineRunFacet",
                    "SQLJobFacet")
            .map(OpenLineageTest::schema)
            .collect(Collectors.toMap(schema -> parsed(schema).get("$id").asText(), schema -> schema));

    private static final SchemaRegistry REGISTRY = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12, registry -> registry.schemas(SCHEMAS));

    private static final String USERS = """
            users:
              ann: {password: "$HASH", groups: [analysts]}
              steve: {password: "$HASH", groups: [stewards], roles: [steward]}
              audra: {password: "$HASH", roles: [auditor]}
            """;

    private static final String POLICIES = """
            grants:
              - {name: analysts, tables: ["crm.**", "shop.**", "virtual.**"], actions: [select], to: {groups: [analysts]}}
              - {name: stewards, tables: ["crm.**", "shop.**", "virtual.**"], actions: [select, insert, update, ddl], raw: ["*"], to: {groups: [stewards]}}
            row_filters:
              - {name: adults, tables: ["crm.public.customers"], to: {groups: [analysts]}, where: "age >= 18"}
            """;

    @Parameter
    TestStore kind;

    private SourceDefinition crm;
    private SourceDefinition shop;
    private String postgres = "";
    private String mysql = "";
    private String database = "";
    private String orders = "";

    @BeforeEach
    void prepare() {
        crm = TestDatabases.postgres("crm");
        TestDatabases.execute(
                crm.url(),
                crm.user(),
                crm.password(),
                "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(20), email VARCHAR(40), age INTEGER)",
                "INSERT INTO customers VALUES (1, 'Ann', 'ann@example.org', 40), (2, 'Bob', 'bob@example.org', 17)",
                "CREATE TABLE scores (id INTEGER, amount INTEGER)");
        shop = TestDatabases.mariadb("shop");
        TestDatabases.execute(
                shop.url(),
                shop.user(),
                shop.password(),
                "CREATE TABLE orders (customer INTEGER, amount INTEGER)",
                "INSERT INTO orders VALUES (1, 5), (1, 6)");
        postgres = "postgres://" + authority(crm);
        mysql = "mysql://" + authority(shop);
        database = crm.url().replaceAll(".*/([^?]*).*", "$1");
        orders = shop.url().replaceAll(".*/([^?]*).*", "$1") + ".orders";
    }

    private static String authority(SourceDefinition source) {
        return source.url().replaceAll("jdbc:[a-z]+://([^/]*)/.*", "$1");
    }

    private TestNicol start(String openlineage) {
        return TestNicol.start(
                List.of(crm, shop), USERS, POLICIES, kind.config() + "lineage: {openlineage: {" + openlineage + "}}\n");
    }

    private static String schema(String name) {
        try (InputStream in = OpenLineageTest.class.getResourceAsStream("openlineage/" + name + ".json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static JsonNode parsed(String json) {
        try {
            return JSON.readTree(json);
        } catch (IOException failure) {
            throw new UncheckedIOException(json, failure);
        }
    }

    /** The event is what its schema says, and every facet what its own says. */
    private static void isValid(JsonNode event) {
        validate(event, event.get("schemaURL").asText());
        for (JsonNode parent : event.findParents("_schemaURL")) {
            validate(parent, parent.get("_schemaURL").asText());
        }
    }

    private static void validate(JsonNode json, String url) {
        assertThat(SCHEMAS).containsKey(url.replaceAll("#.*", ""));
        Schema schema = REGISTRY.getSchema(SchemaLocation.of(url));
        assertThat(schema.validate(
                        json, execution -> execution.executionConfig(config -> config.formatAssertionsEnabled(true))))
                .isEmpty();
    }

    @Test
    void schemasSayNoToWhatIsNotOne() throws IOException {
        JsonNode event = JSON.readTree("{\"eventTime\":\"yesterday\",\"producer\":\"x\",\"schemaURL\":\"x\"}");
        assertThatThrownBy(() -> validate(event, "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("eventTime");
    }

    /** An edge of the column lineage in one line. */
    private static List<String> columns(JsonNode event) {
        List<String> lines = new ArrayList<>();
        JsonNode facet = event.at("/outputs/0/facets/columnLineage");
        facet.path("fields").properties().forEach(field -> field.getValue()
                .get("inputFields")
                .forEach(input -> lines.add(field.getKey() + " <- " + origin(input))));
        facet.path("dataset").forEach(input -> lines.add("* <- " + origin(input)));
        return lines;
    }

    private static String origin(JsonNode input) {
        StringBuilder line = new StringBuilder(name(input))
                .append('.')
                .append(input.get("field").asText());
        for (JsonNode transformation : input.get("transformations")) {
            line.append(' ').append(transformation.get("type").asText());
            line.append(' ').append(transformation.get("subtype").asText());
            line.append(transformation.get("masking").asBoolean() ? " masked" : "");
            line.append(
                    transformation.has("description")
                            ? " (" + transformation.get("description").asText() + ")"
                            : "");
        }
        return line.toString();
    }

    private static String name(JsonNode dataset) {
        return dataset.get("namespace").asText() + "/" + dataset.get("name").asText();
    }

    private static List<String> names(JsonNode datasets) {
        return Stream.of(datasets)
                .flatMap(all -> {
                    List<String> names = new ArrayList<>();
                    all.forEach(dataset -> names.add(name(dataset)));
                    return names.stream();
                })
                .toList();
    }

    private static List<JsonNode> events(Receivers.Http http) {
        return http.posted.stream().map(post -> parsed(post.body())).toList();
    }

    @Test
    void aQueryIsARunThatReadsTablesByTheirNamesInOpenLineage() throws Exception {
        try (Receivers.Http http = new Receivers.Http();
                TestNicol nicol = start("url: '" + http.url() + "', namespace: eu, api_key: '" + KEY + "'")) {
            nicol.rows("ann", "SELECT name, UPPER(email) AS e FROM crm.public.customers WHERE id > 0");
            await().atMost(SOON).until(() -> http.posted.size() == 1);
            assertThat(http.posted.get(0).path()).isEqualTo("/api/v1/lineage");
            assertThat(http.posted.get(0).header("Authorization")).isEqualTo("Bearer " + KEY);
            JsonNode event = events(http).get(0);
            isValid(event);
            String customers = postgres + "/" + database + ".public.customers";
            assertThat(event.get("eventType").asText()).isEqualTo("COMPLETE");
            assertThat(names(event.get("inputs"))).containsExactly(customers);
            assertThat(columns(event))
                    .containsExactlyInAnyOrder(
                            "name <- " + customers + ".name DIRECT IDENTITY",
                            "e <- " + customers + ".email DIRECT TRANSFORMATION masked",
                            "* <- " + customers + ".id INDIRECT FILTER",
                            "* <- " + customers + ".age INDIRECT FILTER (row filter of a policy)");
            assertThat(event.at("/outputs/0/outputFacets/outputStatistics/rowCount")
                            .asLong())
                    .isEqualTo(1);
            assertThat(event.at("/run/facets/processing_engine/name").asText()).isEqualTo("Nicol");
            assertThat(event.toString()).doesNotContain("SELECT");
            assertThat(nicol.rows(
                            "audra",
                            "SELECT statement_id, sql_hash FROM nicol.audit.statements WHERE user_name = 'ann'"))
                    .containsExactly(event.at("/run/runId").asText() + "|"
                            + event.at("/job/name").asText());
            assertThat(name(event.get("job"))).startsWith("eu/");
            assertThat(name(event.at("/outputs/0")))
                    .isEqualTo("eu/result." + event.at("/job/name").asText());
        }
    }

    @Test
    void writesViewsAndFailuresAreRunsOfTheirJob() throws Exception {
        Path file = TestDatabases.directory().resolve("lineage.jsonl");
        String customers = postgres + "/" + database + ".public.customers";
        String scores = postgres + "/" + database + ".public.scores";
        TestNicol nicol = start("file: '" + file + "', sql: true");
        try (nicol) {
            try (Connection connection = nicol.connect("steve");
                    Statement statement = connection.createStatement()) {
                statement.execute("SET job = 'nightly'");
                statement.execute("INSERT INTO crm.public.scores SELECT customer, SUM(amount) FROM shop." + orders
                        + " GROUP BY customer");
                statement.execute("UPDATE crm.public.scores SET amount = amount + id WHERE id = 1");
                statement.execute("CREATE TABLE crm.public.copies AS SELECT id, email FROM crm.public.customers");
                statement.execute("CREATE SCHEMA virtual.sales");
                statement.execute("CREATE VIEW virtual.sales.names AS SELECT name FROM crm.public.customers");
                assertThatThrownBy(() -> statement
                                .executeQuery("SELECT amount / (id - id) FROM crm.public.scores")
                                .next())
                        .isInstanceOf(SQLException.class);
                statement.executeQuery("SELECT name FROM virtual.sales.names").next();
            }
            await().atMost(SOON)
                    .until(() -> Files.exists(file) && Files.readAllLines(file).size() == 6);
        }
        List<JsonNode> events =
                Files.readAllLines(file).stream().map(OpenLineageTest::parsed).toList();
        events.forEach(OpenLineageTest::isValid);
        assertThat(events.stream().map(event -> name(event.get("job")))).containsOnly("nicol/nightly");
        assertThat(events.stream()
                        .map(event -> event.get("eventType").asText() + " " + names(event.get("inputs")) + " -> "
                                + name(event.at("/outputs/0")).replaceAll("result\\..*", "result")))
                .containsExactly(
                        "COMPLETE [" + mysql + "/" + orders + "] -> " + scores,
                        "COMPLETE [" + scores + "] -> " + scores,
                        "COMPLETE [" + customers + "] -> " + postgres + "/" + database + ".public.copies",
                        "COMPLETE [" + customers + "] -> nicol/virtual.sales.names",
                        "FAIL [" + scores + "] -> nicol/result",
                        "COMPLETE [" + customers + ", nicol/virtual.sales.names] -> nicol/result");
        assertThat(columns(events.get(0)))
                .containsExactlyInAnyOrder(
                        "id <- " + mysql + "/" + orders + ".customer DIRECT IDENTITY",
                        "amount <- " + mysql + "/" + orders + ".amount DIRECT AGGREGATION",
                        "* <- " + mysql + "/" + orders + ".customer INDIRECT GROUP_BY");
        assertThat(events.get(4).at("/run/facets/errorMessage/message").asText())
                .isEqualTo("failed, SQLSTATE 22000");
        assertThat(events.get(1).at("/job/facets/sql/query").asText()).startsWith("UPDATE crm.public.scores");
    }

    @Test
    void aReceiverThatRefusesGetsEveryRunOnceItTakesThemInOrder() throws Exception {
        try (Receivers.Http http = new Receivers.Http();
                TestNicol nicol = start("url: '" + http.url() + "/custom'")) {
            http.mood = Receivers.Mood.REFUSES;
            for (int i = 0; i < 10; i++) {
                nicol.rows("ann", "SELECT name FROM crm.public.customers WHERE id = " + i);
            }
            await().atMost(SOON).until(() -> http.refused > 1);
            assertThat(nicol.rows("audra", "SELECT kind, last_error FROM nicol.audit.sinks"))
                    .containsExactly("openlineage|http_500");
            http.mood = Receivers.Mood.ACCEPTS;
            await().atMost(SOON).until(() -> http.posted.size() >= 10);
            assertThat(http.posted.get(0).path()).isEqualTo("/custom");
            assertThat(events(http).stream().limit(10).map(event -> event.at("/run/runId")
                            .asText()))
                    .isEqualTo(nicol.rows(
                            "audra",
                            "SELECT statement_id FROM nicol.audit.statements WHERE user_name = 'ann' ORDER BY"
                                    + " statement_id"));
        }
    }
}
