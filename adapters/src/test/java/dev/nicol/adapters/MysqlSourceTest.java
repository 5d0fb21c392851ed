package dev.nicol.adapters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceAdapter.Capability;
import dev.nicol.adapters.testing.TestDatabases;
import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.calcite.avatica.util.ByteString;
import org.junit.jupiter.api.Test;

class MysqlSourceTest extends SourceContract {
    MysqlSourceTest() {
        super(TestDatabases.mariadb("crm"));
    }

    @Override
    protected String schema() {
        return definition.user();
    }

    @Override
    protected String timestampType() {
        return "DATETIME(6)";
    }

    @Override
    protected String series(int count) {
        return "SELECT seq AS n FROM seq_1_to_" + count;
    }

    @Override
    protected String endless() {
        return "SELECT SLEEP(60) FROM seq_1_to_2";
    }

    @Override
    protected String dataError() {
        return "SELECT (SELECT seq FROM seq_1_to_2)";
    }

    @Override
    protected String generatedColumn() {
        return "INTEGER AUTO_INCREMENT";
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
                new TypeCase("TINYINT UNSIGNED", "255", "SMALLINT", (short) 255),
                new TypeCase("SMALLINT UNSIGNED", "65535", "INTEGER", 65535),
                new TypeCase("INT UNSIGNED", "4294967295", "BIGINT", 4294967295L),
                new TypeCase(
                        "BIGINT UNSIGNED",
                        "18446744073709551615",
                        "DECIMAL(20, 0)",
                        new BigDecimal("18446744073709551615")),
                new TypeCase("FLOAT", "0.1", "REAL", 0.1f),
                new TypeCase("DOUBLE", "1.7976931348623157e308", "DOUBLE", Double.MAX_VALUE),
                new TypeCase("LONGTEXT", "'Zoë 😀 '''", "VARCHAR", "Zoë 😀 '"),
                new TypeCase("CHAR(4)", "'ab'", "VARCHAR(4)", "ab"),
                new TypeCase("JSON", "'{\"a\": 1}'", "VARCHAR", "{\"a\": 1}"),
                new TypeCase("ENUM('a','b')", "'b'", "VARCHAR", "b"),
                new TypeCase("LONGBLOB", "X'00FF5C27'", "VARBINARY", ByteString.of("00ff5c27", 16)),
                new TypeCase("BINARY(3)", "X'FF00'", "VARBINARY", ByteString.of("ff0000", 16)),
                new TypeCase("BIT(1)", "b'1'", "BOOLEAN", true),
                new TypeCase("YEAR", "2024", "SMALLINT", (short) 2024),
                new TypeCase("TIME(3)", "'23:59:59.999'", "TIME(3)", 86_399_999),
                new TypeCase(
                        "DATETIME(6)",
                        "'2024-03-10 02:30:00.123'",
                        "TIMESTAMP(6)",
                        TypeValues.millis("2024-03-10T02:30:00.123")),
                new TypeCase(
                        "DATETIME", "'1582-10-10 12:00:00'", "TIMESTAMP(0)", TypeValues.millis("1582-10-10T12:00:00")),
                new TypeCase(
                        "TIMESTAMP(6)",
                        "'2024-11-03 06:30:00'",
                        "TIMESTAMP_WITH_LOCAL_TIME_ZONE(6)",
                        TypeValues.millis("2024-11-03T06:30:00")),
                new TypeCase(
                        "UUID",
                        "'123e4567-e89b-12d3-a456-426614174000'",
                        "UUID",
                        UUID.fromString("123e4567-e89b-12d3-a456-426614174000")),
                new TypeCase("INET6", "'::1'", "VARCHAR", "::1"));
    }

    @Test
    void valuesOfColumnsAreCounted() {
        execute(
                "CREATE TABLE kinds (id INTEGER PRIMARY KEY, kind INTEGER, other INTEGER, KEY (kind))",
                "INSERT INTO kinds SELECT seq, seq % 10, seq % 50 FROM seq_1_to_2000",
                "ANALYZE TABLE kinds");
        assertThat(table("kinds").distinctValues("id")).isBetween(1_000.0, 4_000.0);
        assertThat(table("kinds").distinctValues("kind")).isBetween(5.0, 20.0);
        // no index, no statistics
        assertThat(table("kinds").distinctValues("other")).isBetween(1_000.0, 4_000.0);
        execute("DROP TABLE kinds");
    }

    @Override
    protected Map<Capability, String> capabilityQueries() {
        Map<Capability, String> queries = new EnumMap<>(CapabilityQueries.STANDARD);
        queries.put(Capability.ARRAYS, "SELECT CARDINALITY(ARRAY[1, 2])");
        queries.put(Capability.GENERATED_KEYS, "INSERT INTO customers (email) VALUES ('g@x.nl')");
        queries.put(Capability.UNSIGNED, "SELECT CAST(1 AS UNSIGNED)");
        return queries;
    }
}
