package dev.nicol.adapters;

import dev.nicol.adapters.SourceAdapter.Capability;
import dev.nicol.adapters.testing.TestDatabases;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.calcite.avatica.util.ByteString;
import org.junit.jupiter.api.BeforeAll;

class DuckdbSourceTest extends SourceContract {
    DuckdbSourceTest() {
        super(TestDatabases.duckdb("crm"));
    }

    @BeforeAll
    @Override
    void createTables() {
        execute("CREATE SEQUENCE ids");
        super.createTables();
    }

    @Override
    protected String schema() {
        return "main";
    }

    @Override
    protected String timestampType() {
        return "TIMESTAMP";
    }

    @Override
    protected String series(int count) {
        return "SELECT CAST(range + 1 AS INTEGER) FROM range(" + count + ")";
    }

    @Override
    protected String endless() {
        return "SELECT COUNT(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range + b.range) = 0";
    }

    @Override
    protected String dataError() {
        return "SELECT CAST('x' AS INTEGER)";
    }

    @Override
    protected String generatedColumn() {
        return "INTEGER DEFAULT nextval('ids')";
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
                new TypeCase("VARCHAR(5)", "''", "VARCHAR", ""),
                new TypeCase("DATE", "'2024-02-29'", "DATE", TypeValues.days("2024-02-29")),
                new TypeCase("DATE", "'1500-01-01'", "DATE", TypeValues.days("1500-01-01")),
                new TypeCase("TINYINT", "-128", "TINYINT", (byte) -128),
                new TypeCase("BOOLEAN", "TRUE", "BOOLEAN", true),
                new TypeCase("FLOAT", "0.1", "REAL", 0.1f),
                new TypeCase("DOUBLE", "1.7976931348623157e308", "DOUBLE", Double.MAX_VALUE),
                new TypeCase("UTINYINT", "255", "SMALLINT", (short) 255),
                new TypeCase("USMALLINT", "65535", "INTEGER", 65535),
                new TypeCase("UINTEGER", "4294967295", "BIGINT", 4294967295L),
                new TypeCase(
                        "UBIGINT", "18446744073709551615", "DECIMAL(20, 0)", new BigDecimal("18446744073709551615")),
                new TypeCase(
                        "HUGEINT",
                        "99999999999999999999999999999999999999",
                        "DECIMAL(38, 0)",
                        new BigDecimal("99999999999999999999999999999999999999")),
                new TypeCase("VARCHAR", "'Zoë 😀 '''", "VARCHAR", "Zoë 😀 '"),
                new TypeCase("JSON", "'[1]'", "VARCHAR", "[1]"),
                new TypeCase("ENUM('a','b')", "'b'", "VARCHAR", "b"),
                new TypeCase("INTERVAL", "INTERVAL '3' DAY", "VARCHAR", "3 days"),
                new TypeCase("STRUCT(a INTEGER)", "{'a': 1}", "VARCHAR", "{'a': 1}"),
                new TypeCase("BLOB", "'\\x00\\xFF\\x5C\\x27'", "VARBINARY", ByteString.of("00ff5c27", 16)),
                new TypeCase("DATE", "'0044-03-15 (BC)'", "DATE", TypeValues.days("-0043-03-15")),
                new TypeCase("TIME", "'23:59:59.999'", "TIME(6)", 86_399_999),
                new TypeCase(
                        "TIMESTAMP",
                        "'2024-03-10 02:30:00.123'",
                        "TIMESTAMP(6)",
                        TypeValues.millis("2024-03-10T02:30:00.123")),
                new TypeCase(
                        "TIMESTAMP_S",
                        "'1582-10-10 12:00:00'",
                        "TIMESTAMP(0)",
                        TypeValues.millis("1582-10-10T12:00:00")),
                new TypeCase(
                        "TIMESTAMPTZ",
                        "'2024-11-03 01:30:00-05'",
                        "TIMESTAMP_WITH_LOCAL_TIME_ZONE(6)",
                        TypeValues.millis("2024-11-03T06:30:00")),
                new TypeCase(
                        "UUID",
                        "'123e4567-e89b-12d3-a456-426614174000'",
                        "UUID",
                        UUID.fromString("123e4567-e89b-12d3-a456-426614174000")),
                new TypeCase("INTEGER[]", "[1, NULL, 3]", "INTEGER ARRAY", Arrays.asList(1, null, 3)),
                new TypeCase("VARCHAR[]", "['a', 'b,c']", "VARCHAR ARRAY", List.of("a", "b,c")),
                new TypeCase(
                        "TIMESTAMP[]",
                        "['2024-03-10 02:30:00']",
                        "TIMESTAMP(6) ARRAY",
                        List.of(TypeValues.millis("2024-03-10T02:30:00"))));
    }

    @Override
    protected Map<Capability, String> capabilityQueries() {
        Map<Capability, String> queries = new EnumMap<>(CapabilityQueries.STANDARD);
        queries.put(Capability.ARRAYS, "SELECT LEN([1, 2])");
        queries.put(Capability.GENERATED_KEYS, "INSERT INTO customers (email) VALUES ('g@x.nl')");
        queries.put(Capability.UNSIGNED, "SELECT CAST(1 AS UINTEGER)");
        return queries;
    }
}
