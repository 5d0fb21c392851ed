package dev.nicol.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.nicol.server.testing.TestNicol;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import schemacrawler.schema.Catalog;
import schemacrawler.schema.Column;
import schemacrawler.schema.Table;
import schemacrawler.schemacrawler.LoadOptionsBuilder;
import schemacrawler.schemacrawler.SchemaCrawlerOptions;
import schemacrawler.schemacrawler.SchemaCrawlerOptionsBuilder;
import schemacrawler.schemacrawler.SchemaInfoLevelBuilder;
import schemacrawler.tools.utility.SchemaCrawlerUtility;
import us.fatehi.utility.datasource.DatabaseConnectionSources;

/** Tools that read the whole catalogue, and those that open it level by level. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class CrawlersTest {
    private static final String CUSTOMERS = "crm.public.customers";

    private ClientsFixture clients;

    @BeforeAll
    void start() {
        clients = new ClientsFixture();
    }

    @AfterAll
    void stop() {
        clients.close();
    }

    @Test
    void schemaCrawlerAtItsMaximum() {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(clients.url("protobuf"));
        SchemaCrawlerOptions all = SchemaCrawlerOptionsBuilder.newSchemaCrawlerOptions()
                .withLoadOptions(LoadOptionsBuilder.builder()
                        .withSchemaInfoLevel(SchemaInfoLevelBuilder.maximum())
                        .toOptions());
        try (HikariDataSource pool = new HikariDataSource(config)) {
            Catalog catalog = SchemaCrawlerUtility.getCatalog(DatabaseConnectionSources.fromDataSource(pool), all);
            List<String> found = new ArrayList<>();
            for (Table table : catalog.getTables()) {
                found.add(table.getFullName() + " " + table.getTableType() + " "
                        + table.getColumns().stream().map(Column::getName).toList());
            }
            assertThat(found)
                    .contains(
                            CUSTOMERS + " table [id, name, credit, born, seen, tags]",
                            "crm.public.orders table [id, customer_id, amount]",
                            "crm.public.rich view [id, name]")
                    .anyMatch(line -> line.startsWith("crm.odd.\"Mixed Case\" table"))
                    .noneMatch(line -> line.contains("hidden"));
            assertThat(catalog.getColumnDataTypes())
                    .extracting(type -> type.getName())
                    .contains("BIGINT", "DECIMAL", "VARCHAR", "TIMESTAMP WITH TIME ZONE");
        }
    }

    /** What DBeaver asks of a driver that it does not know, as one opens its tree down to a table's data. */
    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void openedLevelByLevel(String format) throws SQLException {
        try (Connection connection = DriverManager.getConnection(clients.url(format))) {
            DatabaseMetaData metadata = connection.getMetaData();
            assertThat(metadata.getIdentifierQuoteString()).isEqualTo("\"");
            assertThat(metadata.getSearchStringEscape()).isEqualTo("\\");
            assertThat(metadata.getSQLKeywords()).contains("LIMIT").doesNotContain("SELECT,");
            assertThat(names(metadata.getTableTypes(), 1)).contains("TABLE", "VIEW");
            assertThat(names(metadata.getCatalogs(), 1)).contains("crm", "nicol");
            assertThat(names(metadata.getSchemas("crm", null), 1)).containsExactly("odd", "public");
            assertThat(names(metadata.getSchemas("crm", "%"), 1)).containsExactly("odd", "public");
            assertThat(names(metadata.getTables("crm", "public", "%", null), 3))
                    .containsExactly("customers", "orders", "large", "rich");
            assertThat(names(metadata.getTables("crm", "public", null, new String[] {"TABLE"}), 3))
                    .containsExactly("customers", "orders");
            assertThat(names(metadata.getColumns("crm", "public", "customers", "%"), 4))
                    .containsExactly("id", "name", "credit", "born", "seen", "tags");
            assertThat(names(metadata.getProcedures("crm", "public", "%"), 3)).isEmpty();
            // the protocol has no request for keys and indexes
            assertThat(names(metadata.getPrimaryKeys("crm", "public", "customers"), 4))
                    .isEmpty();
            assertThat(names(metadata.getImportedKeys("crm", "public", "orders"), 8))
                    .isEmpty();
            assertThat(names(metadata.getIndexInfo("crm", "public", "orders", false, true), 6))
                    .isEmpty();
            assertThat(TestNicol.rows(connection, "SELECT COUNT(*) FROM " + CUSTOMERS))
                    .containsExactly("100");
            assertThat(TestNicol.rows(
                            connection,
                            "SELECT x.\"id\", x.\"name\" FROM \"crm\".\"public\".\"customers\" x ORDER BY 1 LIMIT 2"))
                    .containsExactly("1|c1", "2|c2");
        }
    }

    private static List<String> names(ResultSet rows, int column) throws SQLException {
        List<String> names = new ArrayList<>();
        try (rows) {
            while (rows.next()) {
                names.add(rows.getString(column));
            }
        }
        return names;
    }
}
