package dev.nicol.adapters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.adapters.SourceAdapter.Capability;
import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.testing.TestDatabases;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.calcite.avatica.util.ByteString;
import org.junit.jupiter.api.Test;

class H2SourceTest extends SourceContract {
    H2SourceTest() {
        super(TestDatabases.h2("crm"));
    }

    @Override
    protected String schema() {
        return "PUBLIC";
    }

    @Override
    protected String timestampType() {
        return "TIMESTAMP(6)";
    }

    @Override
    protected String series(int count) {
        return "SELECT x FROM SYSTEM_RANGE(1, " + count + ")";
    }

    @Override
    protected String endless() {
        return "SELECT COUNT(*) FROM SYSTEM_RANGE(1, 100000) a, SYSTEM_RANGE(1, 100000) b WHERE a.x + b.x = 0";
    }

    @Override
    protected String dataError() {
        return "SELECT 1 / 0";
    }

    @Override
    protected String generatedColumn() {
        return "INTEGER GENERATED ALWAYS AS IDENTITY";
    }

    @Override
    protected List<TypeCase> types() {
        return List.of(
                new TypeCase("SMALLINT", "-32768", "SMALLINT", (short) -32768),
                new TypeCase("INTEGER", "2147483647", "INTEGER", 2147483647),
                new TypeCase("BIGINT", "-9223372036854775808", "BIGINT", Long.MIN_VALUE),
                new TypeCase(
                        "DECIMAL(38,10)",
                        "1234567890123456789012345678.0123456789",
                        "DECIMAL(38, 10)",
                        new BigDecimal("1234567890123456789012345678.0123456789")),
                new TypeCase("VARCHAR(5)", "''", "VARCHAR(5)", ""),
                new TypeCase("DATE", "'2024-02-29'", "DATE", TypeValues.days("2024-02-29")),
                new TypeCase("DATE", "'1500-01-01'", "DATE", TypeValues.days("1500-01-01")),
                new TypeCase("TINYINT", "-128", "TINYINT", (byte) -128),
                new TypeCase("BOOLEAN", "TRUE", "BOOLEAN", true),
                new TypeCase("REAL", "0.1", "REAL", 0.1f),
                new TypeCase("DOUBLE PRECISION", "1.7976931348623157e308", "DOUBLE", Double.MAX_VALUE),
                new TypeCase("VARCHAR", "'Zoë 😀 '''", "VARCHAR", "Zoë 😀 '"),
                new TypeCase("CLOB", "'long'", "VARCHAR", "long"),
                new TypeCase("CHAR(4)", "'ab'", "CHAR(4)", "ab  "),
                new TypeCase("JSON", "JSON '[1]'", "VARCHAR", "[1]"),
                new TypeCase("ENUM('a','b')", "'b'", "VARCHAR", "b"),
                new TypeCase("INTERVAL DAY", "INTERVAL '3' DAY", "VARCHAR", "INTERVAL '3' DAY"),
                new TypeCase("VARBINARY", "X'00FF5C27'", "VARBINARY", ByteString.of("00ff5c27", 16)),
                new TypeCase("BLOB", "X'00FF'", "VARBINARY", ByteString.of("00ff", 16)),
                new TypeCase("TIME(3)", "'23:59:59.999'", "TIME(3)", 86_399_999),
                new TypeCase(
                        "TIMESTAMP(6)",
                        "'2024-03-10 02:30:00.123'",
                        "TIMESTAMP(6)",
                        TypeValues.millis("2024-03-10T02:30:00.123")),
                new TypeCase(
                        "TIMESTAMP(0)",
                        "'1582-10-10 12:00:00'",
                        "TIMESTAMP(0)",
                        TypeValues.millis("1582-10-10T12:00:00")),
                new TypeCase(
                        "TIMESTAMP WITH TIME ZONE",
                        "'2024-11-03 01:30:00-05'",
                        "TIMESTAMP_WITH_LOCAL_TIME_ZONE(6)",
                        TypeValues.millis("2024-11-03T06:30:00")),
                new TypeCase(
                        "UUID",
                        "'123e4567-e89b-12d3-a456-426614174000'",
                        "UUID",
                        UUID.fromString("123e4567-e89b-12d3-a456-426614174000")),
                new TypeCase("INTEGER ARRAY", "ARRAY[1, NULL, 3]", "INTEGER ARRAY", Arrays.asList(1, null, 3)),
                new TypeCase(
                        "TIMESTAMP ARRAY",
                        "ARRAY[TIMESTAMP '2024-03-10 02:30:00']",
                        "TIMESTAMP(6) ARRAY",
                        List.of(TypeValues.millis("2024-03-10T02:30:00"))));
    }

    @Override
    protected Map<Capability, String> capabilityQueries() {
        Map<Capability, String> queries = new EnumMap<>(Capability.class);
        CapabilityQueries.STANDARD.forEach(
                (capability, sql) -> queries.put(capability, sql.replaceAll("\\b(id|v)\\b", "\"$1\"")));
        queries.put(Capability.ARRAYS, "SELECT CARDINALITY(ARRAY[1, 2])");
        queries.put(Capability.GENERATED_KEYS, "INSERT INTO customers (email) VALUES ('g@x.nl')");
        return queries;
    }

    /** A column that is read through a CAST without need is one that no index serves. */
    @Test
    void typesAreKnownInWhateverCaseTheDatabaseKeepsItsNames() throws SQLException {
        SourceDefinition lower = TestDatabases.h2("lower");
        String url = lower.url() + ";DATABASE_TO_LOWER=TRUE";
        try (Connection connection = DriverManager.getConnection(url, "sa", "");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE texts (plain VARCHAR, sized VARCHAR(5), object CLOB, document JSON)");
            SourceTable texts =
                    source.adapter().read(connection, lower, NicolTypeSystem.factory()).tables().values().stream()
                            .filter(table -> table.name().table().equals("texts"))
                            .findFirst()
                            .orElseThrow();
            assertThat(texts.columns().stream().filter(source.adapter()::readAsText))
                    .extracting(SourceColumn::name)
                    .containsExactly("document");
            SourceColumn document = texts.columns().get(3);
            assertThatThrownBy(() -> source.adapter().writtenAs(document)).hasMessageContaining("is JSON");
        }
    }
}
