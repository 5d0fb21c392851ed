package dev.nicol.adapters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.nicol.adapters.SourceAdapter.Capability;
import dev.nicol.adapters.testing.PlanRunner;
import dev.nicol.policy.NicolError;
import dev.nicol.policy.NicolException;
import dev.nicol.policy.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.tools.RelBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What every kind of source does, shown on the real database. Each kind says how its SQL spells the facts. */
abstract class SourceContract extends FailuresContract {
    protected SourceContract(SourceDefinition definition) {
        super(definition);
    }

    /** A column of one type, a value of it in the kind's SQL, and both as the engine has them. */
    record TypeCase(String column, String value, String type, Object expected) {}

    protected abstract List<TypeCase> types();

    /** A query of {@code count} rows of one INTEGER column, 1 and up. */
    protected abstract String series(int count);

    /** A query that runs for a minute or longer. */
    protected abstract String endless();

    /** {@code INTEGER} column declared to fill itself. */
    protected abstract String generatedColumn();

    /** A query for each capability that only works where the capability is there. */
    protected abstract Map<Capability, String> capabilityQueries();

    @BeforeAll
    void createTables() {
        execute(
                "CREATE TABLE customers (id " + generatedColumn() + " PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE,"
                        + " nickname VARCHAR(80) UNIQUE, country VARCHAR(2) DEFAULT 'NL', revenue DECIMAL(38, 10))",
                "CREATE TABLE places (x INTEGER NOT NULL, y INTEGER NOT NULL, name VARCHAR(40), PRIMARY KEY (y, x))",
                "CREATE VIEW addresses AS SELECT email FROM customers",
                "INSERT INTO customers (email, nickname, revenue) VALUES ('a@x.nl', NULL, 1.5), ('b@x.nl', NULL, NULL)");
    }

    private static SourceColumn column(SourceTable table, String name) {
        return table.columns().stream()
                .filter(column -> column.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void tablesAreReadWithKeysDefaultsAndGeneratedColumns() {
        SourceTable customers = table("customers");
        assertThat(customers.name().catalog()).isEqualTo(definition.name());
        assertThat(customers.name().schema()).isEqualTo(schema());
        assertThat(customers.kind()).isEqualTo("TABLE");
        assertThat(customers.primaryKey()).singleElement().asString().isEqualToIgnoringCase("id");
        // nickname may be NULL, so that it tells no two rows apart
        assertThat(lower(customers.uniqueKeys())).containsExactlyInAnyOrder(List.of("id"), List.of("email"));
        assertThat(column(customers, "id").generated()).isTrue();
        assertThat(column(customers, "email").generated()).isFalse();
        assertThat(column(customers, "email").type().isNullable()).isFalse();
        assertThat(column(customers, "country").defaultExpression()).contains("NL");
        assertThat(column(customers, "revenue").type().toString()).isEqualTo("DECIMAL(38, 10)");
        assertThat(lower(List.of(table("places").primaryKey()))).containsExactly(List.of("y", "x"));
        assertThat(table("addresses").kind()).isEqualTo("VIEW");
    }

    private static List<List<String>> lower(List<List<String>> keys) {
        return keys.stream()
                .map(key ->
                        key.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList())
                .toList();
    }

    @Test
    void systemSchemasAreLeftOut() {
        assertThat(read().tables().keySet()).extracting(TableName::schema).containsOnly(schema());
        assertThat(read().schemas()).contains(schema()).doesNotContain("information_schema", "pg_catalog", "mysql");
    }

    @Test
    void everyTypeArrivesExactly() throws SQLException {
        List<TypeCase> cases = types();
        StringBuilder columns = new StringBuilder();
        StringBuilder values = new StringBuilder();
        for (int i = 0; i < cases.size(); i++) {
            columns.append(i == 0 ? "" : ", ")
                    .append("c")
                    .append(i)
                    .append(' ')
                    .append(cases.get(i).column());
            values.append(i == 0 ? "" : ", ").append(cases.get(i).value());
        }
        execute("CREATE TABLE kinds (" + columns + ")", "INSERT INTO kinds VALUES (" + values + ")");
        SourceTable kinds = table("kinds");
        List<String> expected = new ArrayList<>();
        List<String> found = new ArrayList<>();
        try (Connection connection = source.connection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT * FROM kinds")) {
            row.next();
            for (int i = 0; i < cases.size(); i++) {
                TypeCase expectation = cases.get(i);
                RelDataType type = kinds.columns().get(i).type();
                Object value = source.adapter().reader(type).read(row, i + 1);
                expected.add(described(expectation, expectation.type(), expectation.expected()));
                found.add(described(expectation, type.toString(), value));
            }
        }
        assertThat(differences(found, expected)).isEmpty();
        execute("DROP TABLE kinds");
    }

    private static String described(TypeCase expectation, String type, @Nullable Object value) {
        String kind = value == null ? "" : value.getClass().getSimpleName();
        if (value instanceof List<?>) {
            kind = "List";
        }
        return expectation.column() + " " + expectation.value() + " is " + type + " " + kind + " " + value;
    }

    @Test
    void nullsOfEveryTypeAreRead() throws SQLException {
        List<TypeCase> cases = types();
        StringBuilder ddl = new StringBuilder();
        for (int i = 0; i < cases.size(); i++) {
            ddl.append(i == 0 ? "" : ", ")
                    .append("c")
                    .append(i)
                    .append(' ')
                    .append(cases.get(i).column())
                    .append(" NULL");
        }
        execute("CREATE TABLE nothing (" + ddl + ")", "INSERT INTO nothing (c0) VALUES (NULL)");
        SourceTable nothing = table("nothing");
        try (Connection connection = source.connection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT * FROM nothing")) {
            row.next();
            for (int i = 0; i < cases.size(); i++) {
                SourceColumn column = nothing.columns().get(i);
                assertThat(source.adapter().reader(column.type()).read(row, i + 1))
                        .as(cases.get(i).column())
                        .isNull();
                assertThat(column.type().isNullable()).isTrue();
            }
        }
        execute("DROP TABLE nothing");
    }

    @Test
    void whatIsOnlyReadAsTextComparesAsTextOnceCast() throws SQLException {
        for (TypeCase expectation : types()) {
            execute(
                    "CREATE TABLE texted (c " + expectation.column() + ")",
                    "INSERT INTO texted VALUES (" + expectation.value() + ")");
            if (source.adapter().readAsText(table("texted").columns().get(0))) {
                assertThat(castToText("texted")).as(expectation.column()).isEqualTo(expectation.expected());
            }
            execute("DROP TABLE texted");
        }
    }

    private @Nullable Object castToText(String name) {
        SourceTable texted = table(name);
        RelBuilder builder = PlanRunner.builder(List.of(texted)).scan(texted.physicalName());
        RelDataType text = builder.getTypeFactory().createSqlType(SqlTypeName.VARCHAR);
        RexNode cast = builder.getRexBuilder().makeAbstractCast(text, builder.field(0), false);
        return plans.rows(builder.project(List.of(cast), List.of("t"), true).build(), Map.of())
                .get(0)
                .get(0);
    }

    @Test
    void valuesThatWereReadCanBeBound() throws SQLException {
        for (TypeCase expectation : types()) {
            execute("CREATE TABLE bound (c " + expectation.column() + ")");
            RelDataType type = table("bound").columns().get(0).type();
            boolean text = source.adapter().readAsText(table("bound").columns().get(0));
            // What is only read as text is written by the source's own conversion, which is not ours to promise.
            if (!text) {
                try (Connection connection = source.connection();
                        PreparedStatement insert = connection.prepareStatement("INSERT INTO bound VALUES (?)")) {
                    source.adapter().bind(insert, 1, expectation.expected(), type);
                    insert.executeUpdate();
                    source.adapter().bind(insert, 1, null, type);
                    insert.executeUpdate();
                }
                try (Connection connection = source.connection();
                        Statement statement = connection.createStatement();
                        ResultSet row = statement.executeQuery("SELECT c FROM bound ORDER BY c IS NULL")) {
                    row.next();
                    assertThat(source.adapter().reader(type).read(row, 1))
                            .as(expectation.column())
                            .isEqualTo(expectation.expected());
                    row.next();
                    assertThat(source.adapter().reader(type).read(row, 1)).isNull();
                }
            }
            execute("DROP TABLE bound");
        }
    }

    @Test
    void capabilitiesAreAsDeclared() {
        Map<Capability, String> queries = capabilityQueries();
        Set<Capability> works = EnumSet.noneOf(Capability.class);
        for (Capability capability : Capability.values()) {
            if (queries.containsKey(capability)
                    && succeeds(queries.get(capability), capability == Capability.GENERATED_KEYS)) {
                works.add(capability);
            }
        }
        if (rollsBackDdl()) {
            works.add(Capability.TRANSACTIONAL_DDL);
        }
        assertThat(works).containsExactlyInAnyOrderElementsOf(source.adapter().capabilities());
    }

    private boolean rollsBackDdl() {
        try (Connection connection = source.connection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("CREATE TABLE undone (id INTEGER)");
            connection.rollback();
            connection.setAutoCommit(true);
            boolean undone = read().tables().keySet().stream()
                    .noneMatch(name -> name.table().equalsIgnoreCase("undone"));
            if (!undone) {
                statement.execute("DROP TABLE undone");
            }
            return undone;
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private boolean succeeds(String sql, boolean keys) {
        try (Connection connection = source.connection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (String part : sql.split(";")) {
                if (keys) {
                    statement.execute(part, Statement.RETURN_GENERATED_KEYS);
                } else {
                    statement.execute(part);
                }
            }
            // A query whose answer is a number tells with 1 that it worked.
            try (ResultSet row = keys ? statement.getGeneratedKeys() : statement.getResultSet()) {
                return row != null && row.next() && row.getInt(1) >= 1;
            } finally {
                connection.rollback();
            }
        } catch (SQLException refused) {
            return false;
        }
    }

    @Test
    void manyRowsStream() throws SQLException {
        int count = 100_000;
        try (Connection connection = source.connection()) {
            source.adapter().beginStreaming(connection, true);
            try (Statement statement = connection.createStatement()) {
                source.adapter().stream(statement, 100);
                long sum = 0;
                try (ResultSet row = statement.executeQuery(series(count))) {
                    while (row.next()) {
                        sum += row.getInt(1);
                    }
                }
                assertThat(sum).isEqualTo(5_000_050_000L);
            }
        }
    }

    @Test
    void aRunningStatementIsCancelled() throws Exception {
        try (Connection connection = source.connection();
                Statement statement = connection.createStatement()) {
            CompletableFuture<NicolError> outcome = CompletableFuture.supplyAsync(() -> {
                try (ResultSet row = statement.executeQuery(endless())) {
                    while (row.next()) {
                        row.getObject(1);
                    }
                    return NicolError.INTERNAL;
                } catch (SQLException failure) {
                    return source.adapter().classify(failure);
                }
            });
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                try {
                    statement.cancel();
                } catch (SQLException closedMeanwhile) {
                    // DuckDB closes what was cancelled.
                    return outcome.isDone();
                }
                return outcome.isDone();
            });
            assertThat(outcome.get()).isEqualTo(NicolError.CANCELLED);
        }
    }

    @Test
    void rowCountsAreEstimated() {
        execute("CREATE TABLE counted (n INTEGER)", "INSERT INTO counted " + series(20_000));
        assertThat(table("counted").rowCount()).isBetween(1_000.0, 200_000.0);
        execute("DROP TABLE counted");
    }

    @Test
    void theCatalogueSeesChangesAndKeepsItsVersionWithoutAny() {
        try (Catalog catalog = new Catalog(List.of(source), Duration.ofHours(1))) {
            List<Long> versions = new ArrayList<>();
            catalog.addListener(snapshot -> versions.add(snapshot.version()));
            long before = catalog.refresh().version();
            assertThat(catalog.refresh().version()).isEqualTo(before);

            execute("CREATE TABLE passing (a INTEGER, b INTEGER)");
            CatalogSnapshot added = catalog.refresh();
            assertThat(added.version()).isEqualTo(before + 1);
            assertThat(columns(added, "passing")).containsExactly("a", "b");

            execute("INSERT INTO passing VALUES (1, 2)");
            assertThat(catalog.refresh().version()).isEqualTo(before + 1);

            execute("ALTER TABLE passing DROP COLUMN b");
            assertThat(columns(catalog.refresh(), "passing")).containsExactly("a");
            execute("DROP TABLE passing");
            assertThat(catalog.refresh().version()).isEqualTo(before + 3);
            assertThat(versions).containsExactly(before + 1, before + 2, before + 3);
        }
    }

    private static List<String> columns(CatalogSnapshot snapshot, String table) {
        return snapshot.sources().values().stream()
                .flatMap(source -> source.tables().values().stream())
                .filter(found -> found.name().table().equalsIgnoreCase(table))
                .flatMap(found -> found.columns().stream())
                .map(column -> column.name().toLowerCase(Locale.ROOT))
                .toList();
    }

    @Test
    void aPoolInFullUseIsNotAFailureOfTheSource() throws SQLException {
        SourceDefinition small = new SourceDefinition(
                definition.name(),
                definition.kind(),
                definition.url(),
                definition.user(),
                definition.password(),
                definition.environment(),
                definition.properties(),
                1);
        try (Source one = new Source(small, 300);
                Connection held = one.connection()) {
            assertThatThrownBy(one::connection)
                    .isInstanceOfSatisfying(NicolException.class, failure -> assertThat(failure.error())
                            .isEqualTo(NicolError.TOO_MANY));
            assertThat(one.activeConnections()).isEqualTo(1);
            assertThat(held.isClosed()).isFalse();
        }
    }
}
