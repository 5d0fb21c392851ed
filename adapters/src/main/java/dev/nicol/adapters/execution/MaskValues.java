package dev.nicol.adapters.execution;

import dev.nicol.adapters.dialect.PushableOperators;
import dev.nicol.policy.classify.TextEntities;
import dev.nicol.policy.mask.MaskFunctions;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.schema.impl.ScalarFunctionImpl;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.validate.SqlUserDefinedFunction;
import org.jspecify.annotations.Nullable;

/**
 * {@link MaskFunctions} as the engine computes them, byte for byte as the sources do. Methods are public because generated
 * code calls them; values are the engine's.
 */
public final class MaskValues {
    private static final SqlOperator PARTIAL = function("partial");
    private static final SqlOperator HASH = function("hash");
    private static final SqlOperator TOKEN = function("token");
    private static final SqlOperator TOKEN_OF_LONG = function("tokenOfLong");
    private static final SqlOperator TOKEN_OF_DECIMAL = function("tokenOfDecimal");
    private static final SqlOperator BUCKET_OF_LONG = function("bucketOfLong");
    private static final SqlOperator BUCKET_OF_DECIMAL = function("bucketOfDecimal");
    private static final SqlOperator BUCKET_OF_DOUBLE = function("bucketOfDouble");
    private static final SqlOperator START_OF_DATE = function("startOfDate");
    private static final SqlOperator START_OF_TIMESTAMP = function("startOfTimestamp");
    private static final SqlOperator REDACT_TEXT = function("redactText");

    private static final int MONTHS_OF_QUARTER = 3;

    private MaskValues() {}

    private static SqlOperator function(String method) {
        return new SqlUserDefinedFunction(
                new SqlIdentifier("nicol_" + method, SqlParserPos.ZERO),
                SqlKind.OTHER_FUNCTION,
                ReturnTypes.ARG0,
                null,
                null,
                ScalarFunctionImpl.create(MaskValues.class, method));
    }

    /** The expression with its mask functions as the engine's own. */
    public static RexNode computable(RexBuilder rex, RexNode expression) {
        return expression.accept(new RexShuttle() {
            @Override
            public RexNode visitCall(RexCall call) {
                RexCall visited = (RexCall) super.visitCall(call);
                return MaskFunctions.ALL.contains(visited.getOperator()) ? own(rex, visited) : visited;
            }
        });
    }

    private static RexNode own(RexBuilder rex, RexCall call) {
        SqlOperator operator = call.getOperator();
        SqlTypeName type = call.getOperands().get(0).getType().getSqlTypeName();
        if (operator == MaskFunctions.PARTIAL) {
            return rex.makeCall(call.getType(), PARTIAL, call.getOperands());
        } else if (operator == MaskFunctions.HASH) {
            return rex.makeCall(call.getType(), HASH, call.getOperands());
        } else if (operator == MaskFunctions.TOKEN) {
            return rex.makeCall(call.getType(), TOKEN, call.getOperands());
        } else if (operator == MaskFunctions.REDACT_TEXT) {
            return rex.makeCall(call.getType(), REDACT_TEXT, call.getOperands());
        } else if (operator == MaskFunctions.DATE_PART) {
            return rex.makeCall(
                    call.getType(), type == SqlTypeName.DATE ? START_OF_DATE : START_OF_TIMESTAMP, call.getOperands());
        } else if (operator == MaskFunctions.TOKEN_INTEGER) {
            return type == SqlTypeName.DECIMAL
                    ? rex.makeCall(call.getType(), TOKEN_OF_DECIMAL, call.getOperands())
                    : narrowed(rex, call, SqlTypeName.BIGINT, TOKEN_OF_LONG);
        } else if (type == SqlTypeName.DECIMAL) {
            return rex.makeCall(call.getType(), BUCKET_OF_DECIMAL, call.getOperands());
        }
        boolean whole = PushableOperators.isInteger(call.getOperands().get(0).getType());
        return whole
                ? narrowed(rex, call, SqlTypeName.BIGINT, BUCKET_OF_LONG)
                : narrowed(rex, call, SqlTypeName.DOUBLE, BUCKET_OF_DOUBLE);
    }

    /** Computed in the widest type of the kind, and of the column's type again afterwards. */
    private static RexNode narrowed(RexBuilder rex, RexCall call, SqlTypeName wide, SqlOperator operator) {
        List<RexNode> operands = new ArrayList<>();
        for (RexNode operand : call.getOperands()) {
            boolean number = operand.getType().getSqlTypeName() != SqlTypeName.VARBINARY;
            operands.add(number ? rex.ensureType(wide(rex, wide, operand.getType()), operand, true) : operand);
        }
        RexNode value = rex.makeCall(wide(rex, wide, call.getType()), operator, operands);
        return rex.ensureType(call.getType(), value, true);
    }

    private static RelDataType wide(RexBuilder rex, SqlTypeName wide, RelDataType like) {
        return rex.getTypeFactory()
                .createTypeWithNullability(rex.getTypeFactory().createSqlType(wide), like.isNullable());
    }

    public static @Nullable String partial(@Nullable String text, int first, int last, String with) {
        if (text == null) {
            return null;
        }
        int characters = text.codePointCount(0, text.length());
        if (characters <= first + last) {
            return with.repeat(characters);
        }
        return text.substring(0, text.offsetByCodePoints(0, first))
                + with.repeat(characters - first - last)
                + text.substring(text.offsetByCodePoints(text.length(), -last));
    }

    public static @Nullable String hash(@Nullable String text, ByteString inner, ByteString outer) {
        return text == null ? null : HexFormat.of().formatHex(digest(text, inner, outer));
    }

    public static @Nullable String token(@Nullable String text, ByteString inner, ByteString outer, int length) {
        String hash = hash(text, inner, outer);
        return hash == null ? null : hash.substring(0, length);
    }

    public static @Nullable Long tokenOfLong(
            @Nullable Long value, ByteString inner, ByteString outer, long narrow, long wide) {
        if (value == null) {
            return null;
        }
        long ones = value == value.intValue() ? narrow : wide;
        return ByteBuffer.wrap(digest(value.toString(), inner, outer)).getLong() & ones;
    }

    public static @Nullable BigDecimal tokenOfDecimal(
            @Nullable BigDecimal value, ByteString inner, ByteString outer, long narrow, long wide) {
        if (value == null) {
            return null;
        }
        BigInteger whole = value.toBigInteger();
        long ones = whole.bitLength() < Integer.SIZE ? narrow : wide;
        byte[] digest = digest(whole.toString(), inner, outer);
        return BigDecimal.valueOf(ByteBuffer.wrap(digest).getLong() & ones);
    }

    public static @Nullable Long bucketOfLong(@Nullable Long value, long size, long lowest, long least) {
        if (value == null) {
            return null;
        }
        return value < lowest ? least : value - Math.floorMod(value, size);
    }

    public static @Nullable BigDecimal bucketOfDecimal(
            @Nullable BigDecimal value, BigDecimal size, BigDecimal lowest, BigDecimal least) {
        if (value == null || value.compareTo(lowest) < 0) {
            return value == null ? null : least;
        }
        return value.divide(size, 0, RoundingMode.FLOOR)
                .multiply(size)
                .setScale(least.scale(), RoundingMode.UNNECESSARY);
    }

    public static @Nullable Double bucketOfDouble(@Nullable Double value, double size, double bound, double same) {
        if (value == null || !(Math.abs(value) < bound)) {
            return null;
        }
        return Math.floor(value / size) * size + 0;
    }

    /** @param days since 1970 */
    public static @Nullable Integer startOfDate(@Nullable Integer days, String part) {
        return days == null
                ? null
                : (int) start(LocalDate.ofEpochDay(days), part).toEpochDay();
    }

    /** @param millis since 1970, as if in UTC */
    public static @Nullable Long startOfTimestamp(@Nullable Long millis, String part) {
        if (millis == null) {
            return null;
        }
        LocalDate date = LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC)
                .toLocalDate();
        return start(date, part).atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli();
    }

    private static LocalDate start(LocalDate date, String part) {
        return switch (part) {
            case "year" -> date.withDayOfYear(1);
            case "quarter" ->
                date.withDayOfMonth(1).minus((date.getMonthValue() - 1) % MONTHS_OF_QUARTER, ChronoUnit.MONTHS);
            case "month" -> date.withDayOfMonth(1);
            default -> date;
        };
    }

    /** @param entities their names with commas between; none for all */
    public static @Nullable String redactText(@Nullable String text, String entities) {
        if (text == null) {
            return null;
        }
        return TextEntities.redact(text, entities.isEmpty() ? Set.of() : Set.of(entities.split(",")));
    }

    private static byte[] digest(String text, ByteString inner, ByteString outer) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(inner.getBytes());
            byte[] first = sha.digest(text.getBytes(StandardCharsets.UTF_8));
            sha.update(outer.getBytes());
            return sha.digest(first);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
