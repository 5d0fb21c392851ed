package dev.nicol.server.wire;

import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Date;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.List;
import org.apache.calcite.avatica.ColumnMetaData;
import org.apache.calcite.avatica.ColumnMetaData.AvaticaType;
import org.apache.calcite.avatica.ColumnMetaData.Rep;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * How clients see one SQL type.
 *
 * @param type JDBC number, JDBC name (clients in other languages choose by it) and the shape of values in frames
 * @param metadataType the JDBC number that {@code getColumns} tells; differs from {@code type.id} where the stock
 *     driver cannot read values declared so
 * @param precision characters, bytes or digits; 0 where it means nothing
 */
record WireType(AvaticaType type, int metadataType, int precision, int scale, boolean signed, Class<?> javaClass) {
    /** Characters that unbounded text is declared with. Values may be longer; none is cut. */
    static final int UNBOUNDED_TEXT_CHARACTERS = 65_535;

    /** A longer CHAR is declared as VARCHAR: clients pad CHAR, and would pad to what a broken precision says. */
    static final int MAX_CHAR_CHARACTERS = 255;

    private static final int UUID_CHARACTERS = 36;
    private static final int UNSIGNED_LONG_DIGITS = 20;
    private static final int MAX_DECIMAL_DIGITS = 38;

    /** Fraction digits that the engine's milliseconds carry. */
    private static final int MILLISECOND_DIGITS = 3;

    static WireType of(RelDataType type) {
        return switch (type.getSqlTypeName()) {
            case BOOLEAN -> scalar(Types.BOOLEAN, "BOOLEAN", Rep.BOOLEAN, 1, 0, Boolean.class);
            case TINYINT -> scalar(Types.TINYINT, "TINYINT", Rep.BYTE, 3, 0, Byte.class);
            // the stock driver's unsigned accessors fail on NULL: the next wider signed type holds every value
            case SMALLINT, UTINYINT -> scalar(Types.SMALLINT, "SMALLINT", Rep.SHORT, 5, 0, Short.class);
            case INTEGER, USMALLINT -> scalar(Types.INTEGER, "INTEGER", Rep.INTEGER, 10, 0, Integer.class);
            case BIGINT, UINTEGER -> scalar(Types.BIGINT, "BIGINT", Rep.LONG, 19, 0, Long.class);
            case UBIGINT -> decimal(UNSIGNED_LONG_DIGITS, 0);
            case DECIMAL -> decimal(bounded(type.getPrecision(), MAX_DECIMAL_DIGITS), scaleOf(type));
            case REAL -> scalar(Types.REAL, "REAL", Rep.FLOAT, 7, 0, Float.class);
            case FLOAT, DOUBLE -> scalar(Types.DOUBLE, "DOUBLE", Rep.DOUBLE, 15, 0, Double.class);
            case DATE -> scalar(Types.DATE, "DATE", Rep.INTEGER, 10, 0, Date.class);
            case TIME -> scalar(Types.TIME, "TIME", Rep.INTEGER, fraction(type), 0, Time.class);
            case TIMESTAMP -> scalar(Types.TIMESTAMP, "TIMESTAMP", Rep.LONG, fraction(type), 0, Timestamp.class);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ -> zoned(type);
            case CHAR -> character(type);
            case VARCHAR -> text(bounded(type.getPrecision(), UNBOUNDED_TEXT_CHARACTERS));
            case BINARY -> binary(Types.BINARY, "BINARY", type);
            case VARBINARY -> binary(Types.VARBINARY, "VARBINARY", type);
            case UUID -> text(UUID_CHARACTERS);
            case ARRAY -> array(type);
            case NULL -> scalar(Types.NULL, "NULL", Rep.OBJECT, 0, 0, Object.class);
            default -> text(UNBOUNDED_TEXT_CHARACTERS);
        };
    }

    /** Whether characters are what {@link #precision} counts. */
    boolean character() {
        return metadataType == Types.CHAR || metadataType == Types.VARCHAR;
    }

    /** Whether COLUMN_SIZE counts decimal digits. */
    boolean numeric() {
        return switch (metadataType) {
            case Types.TINYINT, Types.SMALLINT, Types.INTEGER, Types.BIGINT, Types.DECIMAL, Types.REAL, Types.DOUBLE ->
                true;
            default -> false;
        };
    }

    /** COLUMN_SIZE as JDBC defines it: characters of the printed value for dates and times. */
    int columnSize() {
        int point = precision == 0 ? 0 : precision + 1;
        return switch (metadataType) {
            case Types.TIME -> "hh:mm:ss".length() + point;
            case Types.TIMESTAMP -> "yyyy-mm-dd hh:mm:ss".length() + point;
            default -> precision;
        };
    }

    /**
     * Characters a value prints to at most. 0 for CHAR: the stock driver pads CHAR values to this width, and values
     * arrive as they are.
     */
    int displaySize() {
        return type.id == Types.CHAR ? 0 : type.id == Types.BOOLEAN ? "false".length() : Math.max(columnSize(), 1);
    }

    private static WireType scalar(int id, String name, Rep rep, int precision, int scale, Class<?> javaClass) {
        boolean signed =
                switch (id) {
                    case Types.TINYINT,
                            Types.SMALLINT,
                            Types.INTEGER,
                            Types.BIGINT,
                            Types.DECIMAL,
                            Types.REAL,
                            Types.DOUBLE -> true;
                    default -> false;
                };
        return new WireType(ColumnMetaData.scalar(id, name, rep), id, precision, scale, signed, javaClass);
    }

    private static WireType decimal(int precision, int scale) {
        return scalar(Types.DECIMAL, "DECIMAL", Rep.NUMBER, precision, scale, BigDecimal.class);
    }

    private static WireType text(int characters) {
        return scalar(Types.VARCHAR, "VARCHAR", Rep.STRING, characters, 0, String.class);
    }

    private static WireType character(RelDataType type) {
        int characters = bounded(type.getPrecision(), UNBOUNDED_TEXT_CHARACTERS);
        return characters > MAX_CHAR_CHARACTERS
                ? text(characters)
                : scalar(Types.CHAR, "CHAR", Rep.STRING, characters, 0, String.class);
    }

    private static WireType binary(int id, String name, RelDataType type) {
        int bytes = bounded(type.getPrecision(), UNBOUNDED_TEXT_CHARACTERS);
        return scalar(id, name, Rep.BYTE_STRING, bytes, 0, byte[].class);
    }

    /**
     * ISO-8601 text. Declared to be VARCHAR: {@code ResultSet.getObject(int)} of the stock driver throws for JDBC's
     * TIMESTAMP_WITH_TIMEZONE, whatever its shape.
     */
    private static WireType zoned(RelDataType type) {
        int characters = "yyyy-mm-ddThh:mm:ss.SSSZ".length();
        AvaticaType shape = ColumnMetaData.scalar(Types.VARCHAR, "TIMESTAMP WITH TIME ZONE", Rep.STRING);
        return new WireType(shape, Types.TIMESTAMP_WITH_TIMEZONE, characters, 0, false, String.class);
    }

    private static WireType array(RelDataType type) {
        RelDataType component = type.getComponentType();
        if (component == null) {
            throw new IllegalStateException("an array type has a component type");
        }
        WireType element = of(component);
        // NUMBER: over JSON a small BIGINT arrives as Integer, and the driver's exact accessors refuse it
        AvaticaType shape = element.signed() ? element.type().setRep(Rep.NUMBER) : element.type();
        String name = element.type().name + " ARRAY";
        return new WireType(ColumnMetaData.array(shape, name, Rep.ARRAY), Types.ARRAY, 0, 0, false, Array.class);
    }

    /** {@code declared}, or {@code bound} where nothing sane is declared. */
    private static int bounded(int declared, int bound) {
        return declared <= 0 || declared > bound ? bound : declared;
    }

    private static int scaleOf(RelDataType type) {
        int scale = type.getScale();
        return scale == RelDataType.SCALE_NOT_SPECIFIED ? 0 : scale;
    }

    private static int fraction(RelDataType type) {
        int digits = type.getPrecision();
        return digits < 0 ? 0 : Math.min(digits, MILLISECOND_DIGITS);
    }

    /** The names and JDBC numbers that {@code getTypeInfo} lists. */
    static List<SqlTypeName> listed() {
        return List.of(
                SqlTypeName.TINYINT,
                SqlTypeName.BIGINT,
                SqlTypeName.VARBINARY,
                SqlTypeName.BINARY,
                SqlTypeName.CHAR,
                SqlTypeName.DECIMAL,
                SqlTypeName.INTEGER,
                SqlTypeName.SMALLINT,
                SqlTypeName.REAL,
                SqlTypeName.DOUBLE,
                SqlTypeName.VARCHAR,
                SqlTypeName.BOOLEAN,
                SqlTypeName.DATE,
                SqlTypeName.TIME,
                SqlTypeName.TIMESTAMP,
                SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE);
    }
}
