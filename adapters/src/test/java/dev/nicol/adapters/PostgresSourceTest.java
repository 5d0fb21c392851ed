package dev.nicol.adapters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceAdapter.Capability;
import dev.nicol.adapters.testing.TestDatabases;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.calcite.avatica.util.ByteString;
import org.junit.jupiter.api.Test;

class PostgresSourceTest extends SourceContract {
    PostgresSourceTest() {
        super(TestDatabases.postgres("crm"));
    }

    @Override
    protected String schema() {
        return "public";
    }

    @Override
    protected String timestampType() {
        return "TIMESTAMP(6)";
    }

    @Override
    protected String series(int count) {
        return "SELECT g::int FROM generate_series(1, " + count + ") g";
    }

    @Override
    protected String endless() {
        return "SELECT pg_sleep(60)";
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
                new TypeCase("boolean", "true", "BOOLEAN", true),
                new TypeCase("smallint", "-32768", "SMALLINT", (short) -32768),
                new TypeCase("integer", "2147483647", "INTEGER", 2147483647),
                new TypeCase("bigint", "-9223372036854775808", "BIGINT", Long.MIN_VALUE),
                new TypeCase("real", "0.1", "REAL", 0.1f),
                new TypeCase("double precision", "1.7976931348623157e308", "DOUBLE", Double.MAX_VALUE),
                new TypeCase(
                        "numeric(38,10)",
                        "1234567890123456789012345678.0123456789",
                        "DECIMAL(38, 10)",
                        new BigDecimal("1234567890123456789012345678.0123456789")),
                new TypeCase(
                        "numeric",
                        "0.12345678901234567890",
                        "DECIMAL(38, 16)",
                        new BigDecimal("0.12345678901234567890")),
                new TypeCase("text", "'Zoë 😀 ''\\ '", "VARCHAR", "Zoë 😀 '\\ "),
                new TypeCase("varchar(5)", "''", "VARCHAR(5)", ""),
                new TypeCase("char(4)", "'ab'", "CHAR(4)", "ab  "),
                new TypeCase("bytea", "'\\x00ff5c27'", "VARBINARY", ByteString.of("00ff5c27", 16)),
                new TypeCase("date", "'1500-01-01'", "DATE", TypeValues.days("1500-01-01")),
                new TypeCase("date", "'0044-03-15 BC'", "DATE", TypeValues.days("-0043-03-15")),
                new TypeCase("time", "'23:59:59.999'", "TIME(6)", 86_399_999),
                new TypeCase(
                        "timestamp",
                        "'2024-03-10 02:30:00.123'",
                        "TIMESTAMP(6)",
                        TypeValues.millis("2024-03-10T02:30:00.123")),
                new TypeCase(
                        "timestamp(3)",
                        "'1582-10-10 12:00:00'",
                        "TIMESTAMP(3)",
                        TypeValues.millis("1582-10-10T12:00:00")),
                new TypeCase(
                        "timestamptz",
                        "'2024-11-03 01:30:00-05'",
                        "TIMESTAMP_WITH_LOCAL_TIME_ZONE(6)",
                        TypeValues.millis("2024-11-03T06:30:00")),
                new TypeCase(
                        "uuid",
                        "'123e4567-e89b-12d3-a456-426614174000'",
                        "UUID",
                        UUID.fromString("123e4567-e89b-12d3-a456-426614174000")),
                new TypeCase("json", "'{\"a\": 1}'", "VARCHAR", "{\"a\": 1}"),
                new TypeCase("jsonb", "'{\"a\":1}'", "VARCHAR", "{\"a\": 1}"),
                new TypeCase("inet", "'10.0.0.1/8'", "VARCHAR", "10.0.0.1/8"),
                new TypeCase("interval", "'1 day 02:03:04'", "VARCHAR", "1 day 02:03:04"),
                new TypeCase("xml", "'<a/>'", "VARCHAR", "<a/>"),
                new TypeCase("int4range", "'[1,5)'", "VARCHAR", "[1,5)"),
                new TypeCase("bit(3)", "B'101'", "VARCHAR", "101"),
                new TypeCase("integer[]", "'{1,NULL,3}'", "INTEGER ARRAY", Arrays.asList(1, null, 3)),
                new TypeCase("text[]", "'{a,\"b,c\"}'", "VARCHAR ARRAY", List.of("a", "b,c")),
                new TypeCase(
                        "timestamp[]",
                        "'{2024-03-10 02:30:00}'",
                        "TIMESTAMP(6) ARRAY",
                        List.of(TypeValues.millis("2024-03-10T02:30:00"))));
    }

    @Test
    void valuesOfColumnsAreCounted() {
        execute(
                "CREATE TABLE kinds (id INTEGER PRIMARY KEY, kind INTEGER, other INTEGER)",
                "INSERT INTO kinds SELECT i, i % 10, i % 50 FROM generate_series(1, 2000) i",
                "ANALYZE kinds");
        assertThat(table("kinds").distinctValues("id")).isBetween(1_000.0, 4_000.0);
        assertThat(table("kinds").distinctValues("kind")).isBetween(5.0, 20.0);
        assertThat(table("kinds").distinctValues("other")).isBetween(30.0, 70.0);
        execute("DROP TABLE kinds");
    }

    @Override
    protected Map<Capability, String> capabilityQueries() {
        Map<Capability, String> queries = new EnumMap<>(CapabilityQueries.STANDARD);
        queries.put(Capability.ARRAYS, "SELECT CARDINALITY(ARRAY[1, 2])");
        queries.put(Capability.GENERATED_KEYS, "INSERT INTO customers (email) VALUES ('g@x.nl')");
        return queries;
    }
}
