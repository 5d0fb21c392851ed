package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.policy.BoundValue;
import dev.nicol.policy.TableName;
import dev.nicol.server.testing.RowHashes;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a row is known by: the same for the same key, however it is told. */
class RowHashTest {
    private static final TableName TABLE = new TableName("crm", "public", "customers");
    private static final RelDataTypeFactory TYPES = NicolTypeSystem.factory();
    private static final RelDataType INTEGER = TYPES.createSqlType(SqlTypeName.INTEGER);
    private static final RelDataType TEXT = TYPES.createSqlType(SqlTypeName.VARCHAR, 20);

    /** 32 zero bytes: the pads are RFC 2104's own. */
    private static final BoundValue.KeyPads KEYS = outer -> {
        byte[] pad = new byte[64];
        Arrays.fill(pad, (byte) (outer ? 0x5c : 0x36));
        return new ByteString(pad);
    };

    @TempDir
    Path directory;

    private static @Nullable String hash(RelDataType type, @Nullable Object value) {
        return RowHash.of(TABLE, List.of(type), Arrays.asList(value), KEYS);
    }

    private static RelDataType decimal(int precision, int scale) {
        return TYPES.createSqlType(SqlTypeName.DECIMAL, precision, scale);
    }

    @Test
    void itIsTheHmacThatTheDecisionDescribes() throws Exception {
        RowHashes oracle = new RowHashes(Files.write(directory.resolve("key"), new byte[32]));
        assertThat(hash(INTEGER, 42)).isEqualTo(oracle.hash("crm", "public", "customers", "42"));
        assertThat(RowHash.of(TABLE, List.of(TEXT, INTEGER), List.of("a", 1), KEYS))
                .isEqualTo(oracle.hash("crm", "public", "customers", "a", "1"))
                .isNotEqualTo(oracle.hash("crm", "public", "customers", "a1"));
    }

    @Test
    void equalNumbersHaveEqualHashesWhateverTheirType() {
        String one = hash(INTEGER, 42);
        assertThat(hash(TYPES.createSqlType(SqlTypeName.BIGINT), 42L)).isEqualTo(one);
        assertThat(hash(decimal(10, 0), new BigDecimal("42"))).isEqualTo(one);
        assertThat(hash(decimal(10, 2), new BigDecimal("42.00"))).isEqualTo(one);
        assertThat(hash(INTEGER, "42")).isEqualTo(one);
        assertThat(hash(INTEGER, " +042.0 ")).isEqualTo(one);
        assertThat(hash(decimal(10, 2), "42.5")).isNotNull().isNotEqualTo(one);
        assertThat(hash(decimal(10, 0), new BigDecimal("100"))).isEqualTo(hash(INTEGER, "100"));
        assertThat(hash(INTEGER, 0)).isEqualTo(hash(decimal(10, 2), new BigDecimal("0.00")));
    }

    @Test
    void otherValuesHaveOthers() {
        assertThat(hash(TEXT, "a")).isNotEqualTo(hash(TEXT, "A")).isNotEqualTo(hash(TEXT, "a "));
        assertThat(RowHash.of(TABLE, List.of(TEXT, TEXT), List.of("a", "bc"), KEYS))
                .isNotEqualTo(RowHash.of(TABLE, List.of(TEXT, TEXT), List.of("ab", "c"), KEYS));
        assertThat(RowHash.of(new TableName("crm", "public", "orders"), List.of(INTEGER), List.of(42), KEYS))
                .isNotEqualTo(hash(INTEGER, 42));
        assertThat(RowHash.tableId(new TableName("a", "b.c", "d")))
                .isNotEqualTo(RowHash.tableId(new TableName("a.b", "c", "d")));
    }

    @Test
    void textsMeanTheValuesOfTheirType() {
        RelDataType uuid = TYPES.createSqlType(SqlTypeName.UUID);
        String text = "0A0B0C0D-0102-0304-0506-0708090a0b0c";
        assertThat(hash(uuid, UUID.fromString(text)))
                .isEqualTo(hash(uuid, text))
                .isNotNull();
        RelDataType bytes = TYPES.createSqlType(SqlTypeName.VARBINARY, 9);
        assertThat(hash(bytes, new ByteString(new byte[] {10, -1}))).isEqualTo(hash(bytes, "0AFF"));
        RelDataType fixed = TYPES.createSqlType(SqlTypeName.CHAR, 5);
        assertThat(hash(fixed, "ab   ")).isEqualTo(hash(fixed, "ab"));
        RelDataType bool = TYPES.createSqlType(SqlTypeName.BOOLEAN);
        assertThat(hash(bool, true)).isEqualTo(hash(bool, "TRUE")).isNotEqualTo(hash(bool, false));
    }

    /** A source would make another value of it. */
    @Test
    void whatIsNoValueOfTheTypeHasNone() {
        assertThat(hash(INTEGER, null)).isNull();
        assertThat(hash(INTEGER, "42.5")).isNull();
        assertThat(hash(decimal(10, 1), new BigDecimal("1.25"))).isNull();
        assertThat(hash(INTEGER, "1e3")).isNull();
        assertThat(hash(INTEGER, "")).isNull();
        assertThat(hash(TEXT, 42)).isNull();
        assertThat(RowHash.supports(TYPES.createSqlType(SqlTypeName.DATE))).isFalse();
        assertThat(RowHash.supports(TYPES.createSqlType(SqlTypeName.TIMESTAMP))).isFalse();
        assertThat(RowHash.supports(INTEGER)).isTrue();
        assertThat(hash(TYPES.createSqlType(SqlTypeName.UUID), "x")).isNull();
        assertThat(hash(TYPES.createSqlType(SqlTypeName.BINARY, 2), "0g")).isNull();
        assertThat(hash(TYPES.createSqlType(SqlTypeName.BOOLEAN), "yes")).isNull();
    }
}
