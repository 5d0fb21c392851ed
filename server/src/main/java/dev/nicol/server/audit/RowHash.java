package dev.nicol.server.audit;

import dev.nicol.policy.BoundValue;
import dev.nicol.policy.TableName;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;
import org.jspecify.annotations.Nullable;

/**
 * What the trail knows a row by: a keyed hash of its table's name and its primary key. Equal keys have equal hashes, whatever
 * exact type a column has and whether a row, a parameter or an auditor's text tells them.
 */
public final class RowHash {
    /** No value of a mask, of a bound value or of a key's fingerprint has this before it. */
    private static final String DOMAIN = "\0nicol row key\0";

    private static final int DIGITS = 32;
    private static final Pattern NUMBER = Pattern.compile("[+-]?\\d{1,100}(\\.\\d{0,100})?");
    private static final Pattern HEX = Pattern.compile("([0-9a-fA-F]{2})*");

    private RowHash() {}

    /** Tells a table from others, for indexes. */
    public static String tableId(TableName table) {
        return EventHash.ofText(table.catalog() + "\0" + table.schema() + "\0" + table.table())
                .substring(0, DIGITS);
    }

    /**
     * Whether every value of a key column of that type has one text, and none of another value's. Of dates there are some that
     * cannot be read, and a statement that does not show them must not fail.
     */
    public static boolean supports(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case BOOLEAN,
                    TINYINT,
                    SMALLINT,
                    INTEGER,
                    BIGINT,
                    UTINYINT,
                    USMALLINT,
                    UINTEGER,
                    UBIGINT,
                    DECIMAL,
                    CHAR,
                    VARCHAR,
                    UUID,
                    BINARY,
                    VARBINARY -> true;
            default -> false;
        };
    }

    /**
     * The hash of a row.
     *
     * @param types of the key's columns, {@link #supports}ed, in the key's order
     * @param values in the engine's representation, or texts
     * @return null where a value is NULL or is not exactly one of its column
     */
    public static @Nullable String of(
            TableName table,
            List<RelDataType> types,
            List<? extends @Nullable Object> values,
            BoundValue.KeyPads keys) {
        List<byte[]> parts = new ArrayList<>();
        for (String part : List.of(DOMAIN, table.catalog(), table.schema(), table.table())) {
            parts.add(part.getBytes(StandardCharsets.UTF_8));
        }
        for (int i = 0; i < types.size(); i++) {
            String text = text(types.get(i), values.get(i));
            if (text == null) {
                return null;
            }
            parts.add(text.getBytes(StandardCharsets.UTF_8));
        }
        int length =
                parts.stream().mapToInt(part -> Integer.BYTES + part.length).sum();
        ByteBuffer message = ByteBuffer.allocate(length - Integer.BYTES);
        message.put(parts.get(0));
        parts.subList(1, parts.size())
                .forEach(part -> message.putInt(part.length).put(part));
        return keys.keyedHash(message.array()).substring(0, DIGITS);
    }

    /** The one text of a value; null where it is none of the type. */
    static @Nullable String text(RelDataType type, @Nullable Object value) {
        if (value == null) {
            return null;
        }
        return switch (type.getSqlTypeName()) {
            case BOOLEAN -> bool(value.toString());
            case CHAR -> value instanceof String text ? text.stripTrailing() : null;
            case VARCHAR -> value instanceof String text ? text : null;
            case UUID -> uuid(value);
            case BINARY, VARBINARY -> bytes(value);
            default -> number(type, value);
        };
    }

    private static @Nullable String bool(String text) {
        return text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false") ? text.toLowerCase(Locale.ROOT) : null;
    }

    private static @Nullable String uuid(Object value) {
        try {
            return UUID.fromString(value.toString().strip()).toString();
        } catch (IllegalArgumentException notOne) {
            return null;
        }
    }

    private static @Nullable String bytes(Object value) {
        if (value instanceof ByteString bytes) {
            return bytes.toString();
        }
        return value instanceof String text && HEX.matcher(text).matches() ? text.toLowerCase(Locale.ROOT) : null;
    }

    private static @Nullable String number(RelDataType type, Object value) {
        String text = value instanceof BigDecimal exact
                ? exact.toPlainString()
                : value.toString().strip();
        if (!NUMBER.matcher(text).matches()) {
            return null;
        }
        BigDecimal number = new BigDecimal(text);
        BigDecimal shortest = number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
        int fraction = type.getSqlTypeName() == SqlTypeName.DECIMAL ? type.getScale() : 0;
        // A source would round it, each in its own way.
        return shortest.scale() > fraction ? null : shortest.toPlainString();
    }
}
