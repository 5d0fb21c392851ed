package dev.nicol.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.calcite.sql.type.SqlTypeName;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** JDBC metadata through the stock Avatica driver. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetadataOverTheWireTest {
    private WireFixture wire;

    @BeforeAll
    void start() {
        wire = new WireFixture();
    }

    @AfterAll
    void stop() {
        wire.close();
    }

    private static List<String> column(ResultSet rows, String label) throws SQLException {
        List<String> values = new ArrayList<>();
        try (rows) {
            while (rows.next()) {
                values.add(rows.getString(label));
            }
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void catalogsSchemasAndTables(String format) throws SQLException {
        try (Connection connection = wire.connect(format)) {
            DatabaseMetaData metadata = connection.getMetaData();
            assertThat(column(metadata.getCatalogs(), "TABLE_CAT")).containsExactly("crm", "virtual");
            assertThat(column(metadata.getSchemas(), "TABLE_SCHEM")).containsExactly("public", "sales");
            assertThat(column(metadata.getSchemas("CRM", "PUB%"), "TABLE_CATALOG"))
                    .containsExactly("crm");
            assertThat(column(metadata.getTableTypes(), "TABLE_TYPE")).containsExactly("SYSTEM TABLE", "TABLE", "VIEW");
            assertThat(column(metadata.getTables(null, null, null, null), "TABLE_NAME"))
                    .containsExactly("Customers", "orderXitems", "order_items", "big");
            assertThat(column(metadata.getTables(null, null, "%", new String[] {"VIEW"}), "TABLE_NAME"))
                    .containsExactly("big");
            // the driver says that identifiers are stored in upper case, so clients ask in upper case
            assertThat(column(metadata.getTables("crm", "PUBLIC", "CUST%", null), "TABLE_NAME"))
                    .containsExactly("Customers");
            assertThat(column(metadata.getTables(null, null, "order_items", null), "TABLE_NAME"))
                    .containsExactly("orderXitems", "order_items");
            assertThat(column(metadata.getTables(null, null, "order\\_items", null), "TABLE_NAME"))
                    .containsExactly("order_items");
            assertThat(column(metadata.getTables("nowhere", null, "%", null), "TABLE_NAME"))
                    .isEmpty();
            try (ResultSet rows = metadata.getTables("crm", null, "customers", null)) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getMetaData().getColumnCount()).isEqualTo(10);
                assertThat(rows.getString("TABLE_TYPE")).isEqualTo("TABLE");
                assertThat(rows.getString("REMARKS")).isEqualTo("who buys");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void columns(String format) throws SQLException {
        try (Connection connection = wire.connect(format);
                ResultSet rows = connection.getMetaData().getColumns("crm", "public", "customers", null)) {
            assertThat(rows.getMetaData().getColumnCount()).isEqualTo(24);
            List<String> lines = new ArrayList<>();
            while (rows.next()) {
                lines.add("%s %d %s %d %s %d %s %d"
                        .formatted(
                                rows.getString("COLUMN_NAME"),
                                rows.getInt("DATA_TYPE"),
                                rows.getString("TYPE_NAME"),
                                rows.getInt("COLUMN_SIZE"),
                                rows.getString("DECIMAL_DIGITS"),
                                rows.getInt("NULLABLE"),
                                rows.getString("IS_NULLABLE"),
                                rows.getInt("ORDINAL_POSITION")));
            }
            assertThat(lines)
                    .containsExactly(
                            "id " + Types.BIGINT + " BIGINT 19 0 0 NO 1",
                            "name " + Types.VARCHAR + " VARCHAR 65535 null 1 YES 2",
                            "credit " + Types.DECIMAL + " DECIMAL 12 2 1 YES 3",
                            "code " + Types.VARCHAR + " VARCHAR 65535 null 1 YES 4",
                            "seen " + Types.TIMESTAMP_WITH_TIMEZONE + " TIMESTAMP WITH TIME ZONE 24 null 1 YES 5");
            assertThat(column(connection.getMetaData().getColumns(null, null, "CUSTOMERS", "c%"), "COLUMN_NAME"))
                    .containsExactly("credit", "code");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void theServerSpeaksTruthOfItself(String format) throws SQLException {
        try (Connection connection = wire.connect(format)) {
            DatabaseMetaData metadata = connection.getMetaData();
            assertThat(metadata.getDefaultTransactionIsolation()).isEqualTo(Connection.TRANSACTION_READ_COMMITTED);
            assertThat(metadata.getSQLKeywords()).contains("LIMIT");
            assertThat(column(metadata.getTypeInfo(), "TYPE_NAME"))
                    .contains("BIGINT", "DECIMAL", "VARCHAR", "TIMESTAMP WITH TIME ZONE")
                    .doesNotContain("int8", "numeric");
            assertThat(column(metadata.getPrimaryKeys(null, null, "customers"), "COLUMN_NAME"))
                    .isEmpty();
            assertThat(column(metadata.getIndexInfo(null, null, "customers", false, false), "INDEX_NAME"))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void aSubjectSeesItsOwnCatalogueOnly(String format) throws SQLException {
        try (Connection connection = wire.connect(format, "bob", "builder", Map.of())) {
            DatabaseMetaData metadata = connection.getMetaData();
            assertThat(column(metadata.getCatalogs(), "TABLE_CAT")).isEmpty();
            assertThat(column(metadata.getTables(null, null, "%", null), "TABLE_NAME"))
                    .isEmpty();
            assertThat(column(metadata.getColumns(null, null, "%", "%"), "COLUMN_NAME"))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"json", "protobuf"})
    void metadataDisturbsNoOpenResult(String format) throws SQLException {
        wire.statements.rows("select many", Rows.row("n", Rows.type(SqlTypeName.BIGINT)), Rows.generated(100_000, n ->
                new Object[] {n}));
        try (Connection connection = wire.connect(format);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select many")) {
            long count = 0;
            while (rows.next()) {
                if (count++ % 10_000 == 0) {
                    assertThat(column(connection.getMetaData().getCatalogs(), "TABLE_CAT"))
                            .hasSize(2);
                }
            }
            assertThat(count).isEqualTo(100_000);
        }
    }
}
