package dev.nicol.server.differential;

import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.differential.Fixture.Column;
import dev.nicol.server.differential.Fixture.Row;
import dev.nicol.server.differential.Fixture.Table;
import dev.nicol.server.testing.TestNicol;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One server over a source of every kind, each with the fixture, and with a copy for every reader. */
final class Bench implements AutoCloseable {
    static final String STEWARD = "steve";
    private static final String AUDITOR = "audra";
    private static final int KEY_BYTES = 32;
    private static final int READERS = 12;

    /** Whose look-up table a source's filters read besides their own. */
    private static final Map<String, String> NEXT = Map.of("pg", "my", "my", "h2", "h2", "lake", "lake", "pg");

    /** Schema of each source, as Nicol names it. */
    private final Map<String, String> schemas;

    private final List<Rights> readers;
    private final TestNicol nicol;
    private final SourceDefinition postgres;

    private Bench(Map<String, String> schemas, List<Rights> readers, TestNicol nicol, SourceDefinition postgres) {
        this.postgres = postgres;
        this.schemas = schemas;
        this.readers = readers;
        this.nicol = nicol;
    }

    /** Readers with rights at random. */
    static Bench start(long seed) {
        Random random = new Random(seed);
        byte[] key = new byte[KEY_BYTES];
        random.nextBytes(key);
        List<KnownMask> masks = KnownMask.all(key);
        return start(
                key,
                IntStream.range(0, READERS)
                        .mapToObj(i -> Rights.drawn("r" + i, random, masks))
                        .toList());
    }

    /** @param key of keyed masks */
    static Bench start(byte[] key, List<Rights> readers) {
        List<SourceDefinition> sources = List.of(
                TestDatabases.postgres("pg"),
                TestDatabases.mariadb("my"),
                TestDatabases.h2("h2"),
                TestDatabases.duckdb("lake"));
        Map<String, String> schemas =
                Map.of("pg", "pg.public", "my", "my." + sources.get(1).user(), "h2", "h2.PUBLIC", "lake", "lake.main");
        sources.forEach(source -> fill(source, readers));
        String users = readers.stream().map(Bench::user).collect(Collectors.joining())
                + "  " + STEWARD + ": {password: \"$HASH\", groups: [stewards]}\n"
                + "  " + AUDITOR + ": {password: \"$HASH\", roles: [auditor]}\n";
        String policies =
                "grants:\n  - {name: stewards, tables: [\"**\"], actions: [select, insert, update, delete], raw: [\"*\"],"
                        + " to: {groups: [stewards]}}\n"
                        + readers.stream().map(Rights::grants).collect(Collectors.joining())
                        + section("row_filters", readers.stream().flatMap(rights -> schemas.keySet().stream()
                                .map(source -> rights.rowFilters(schemas.get(source), schemas.get(NEXT.get(source))))))
                        + section("column_masks", readers.stream().map(Rights::columnMasks));
        Path store = store(key);
        TestNicol nicol = TestNicol.start(
                sources,
                "users:\n" + users,
                policies,
                "store: {url: 'jdbc:h2:file:" + store + "'}\nclassification: {mask_by_default: false}\n"
                        // of this table the readers' rows carry keys for the trail, those of the copies do not
                        + "audit: {fsync: interval, rows_touched: {tables: ['*.*." + Fixture.PEOPLE.name() + "']}}");
        return new Bench(schemas, readers, nicol, sources.get(0));
    }

    private static String section(String name, Stream<String> rules) {
        String all = rules.collect(Collectors.joining());
        return all.isEmpty() ? "" : name + ":\n" + all;
    }

    private static Path store(byte[] key) {
        try {
            Path store = TestDatabases.directory().resolve("nicol");
            Files.write(store.resolveSibling("nicol.mask-key"), key);
            return store;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String user(Rights rights) {
        return "  " + rights.reader().user() + ": {password: \"$HASH\", groups: ["
                + (rights.reader().chief() ? "chiefs" : "others") + "], attributes: {region: "
                + rights.reader().region() + "}}\n";
    }

    List<Rights> readers() {
        return readers;
    }

    Connection connect(String user) throws SQLException {
        return nicol.connect(user);
    }

    Oracle oracle() throws SQLException {
        return new Oracle(postgres);
    }

    /** What sources were sent for a user's last statement. */
    List<String> sent(String user) {
        try {
            return nicol.rows(
                    AUDITOR,
                    "SELECT q.source, q.sql_sent FROM nicol.audit.source_queries AS q JOIN (SELECT statement_id"
                            + " FROM nicol.audit.statements WHERE user_name = '" + user
                            + "' ORDER BY statement_id DESC LIMIT 1) AS s ON s.statement_id = q.statement_id");
        } catch (SQLException failure) {
            return List.of(String.valueOf(failure.getMessage()));
        }
    }

    /** What auditors are told of failures, the latest first. */
    List<String> failures() {
        try {
            return nicol.rows(
                    AUDITOR,
                    "SELECT user_name, detail FROM nicol.audit.events WHERE detail LIKE '%failed%' ORDER BY event_id DESC LIMIT 4");
        } catch (SQLException failure) {
            return List.of(String.valueOf(failure.getMessage()));
        }
    }

    /**
     * The statement with its tables named.
     *
     * @param reader whose copies; null for the tables themselves
     */
    String located(String sql, Deployment deployment, @Nullable Rights reader) {
        String located = sql;
        for (Table table : Fixture.TABLES) {
            String name = reader == null ? table.name() : copy(reader, table);
            located = located.replace("$" + table.name(), schemas.get(deployment.source(table)) + "." + name);
        }
        return located;
    }

    static String copy(Rights reader, Table table) {
        return reader.reader().user() + "_" + table.name();
    }

    private static void fill(SourceDefinition definition, List<Rights> readers) {
        Source source = new Source(definition);
        try (Connection connection = source.connection()) {
            connection.setAutoCommit(false);
            for (Table table : Fixture.TABLES) {
                create(connection, table.name(), table.columns(), table.key(), List.of());
                insert(connection, table.name(), table.columns(), table.rows());
                for (Rights rights : readers) {
                    List<Column> columns = rights.columns(table);
                    List<String> widened = columns.stream()
                            .filter(column -> widens(rights, table, column))
                            .map(Column::name)
                            .toList();
                    String key = table.name() + "." + table.columns().get(0).name();
                    boolean keyed = table.key()
                            && !rights.denied().contains(key)
                            && !rights.masks().containsKey(key);
                    create(connection, copy(rights, table), columns, keyed, widened);
                    insert(connection, copy(rights, table), columns, rights.rows(table));
                }
            }
            List<Column> columns = List.of(
                    new Column("usr", Fixture.Type.TEXT, "VARCHAR(20)"),
                    new Column("region", Fixture.Type.TEXT, "VARCHAR(10)"),
                    new Column("min_id", Fixture.Type.INTEGER, "INTEGER"));
            create(connection, "allowed", columns, false, List.of());
            insert(connection, "allowed", columns, allowed(readers));
            connection.commit();
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        } finally {
            source.close();
        }
    }

    private static List<Row> allowed(List<Rights> readers) {
        List<Row> rows = new ArrayList<>();
        for (Rights rights : readers) {
            List<String> regions = new ArrayList<>(rights.reader().regions());
            if (regions.isEmpty()) {
                regions.add("NOWHERE");
            }
            for (String region : regions) {
                rows.add(new Row(Map.of(
                        "usr",
                        rights.reader().user(),
                        "region",
                        region,
                        "min_id",
                        rights.reader().least())));
            }
        }
        return rows;
    }

    private static boolean widens(Rights rights, Table table, Column column) {
        KnownMask mask = rights.mask(table, column);
        return mask != null && column.type() == Fixture.Type.TEXT && mask.longest() > column.length();
    }

    private static void create(
            Connection connection, String name, List<Column> columns, boolean key, List<String> widened)
            throws SQLException {
        boolean mariadb = connection.getMetaData().getDatabaseProductName().equals("MariaDB");
        String described = columns.stream()
                .map(column -> column.name() + " "
                        + (!widened.contains(column.name()) ? column.sql() : mariadb ? "LONGTEXT" : "VARCHAR")
                        + (key && column == columns.get(0) ? " NOT NULL PRIMARY KEY" : ""))
                .collect(Collectors.joining(", "));
        try (var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE " + name + " (" + described + ")");
        }
    }

    private static void insert(Connection connection, String name, List<Column> columns, List<Row> rows)
            throws SQLException {
        String marks = String.join(", ", Collections.nCopies(columns.size(), "?"));
        try (PreparedStatement insert =
                connection.prepareStatement("INSERT INTO " + name + " VALUES (" + marks + ")")) {
            for (Row row : rows) {
                for (int i = 0; i < columns.size(); i++) {
                    insert.setObject(i + 1, row.value(columns.get(i).name()));
                }
                insert.addBatch();
            }
            if (!rows.isEmpty()) {
                insert.executeBatch();
            }
        }
    }

    @Override
    public void close() {
        nicol.close();
    }
}
