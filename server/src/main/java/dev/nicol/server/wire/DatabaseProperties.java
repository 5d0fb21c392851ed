package dev.nicol.server.wire;

import java.sql.Connection;
import java.util.Map;
import java.util.TreeMap;
import org.apache.calcite.avatica.Meta.DatabaseProperty;
import org.apache.calcite.sql.parser.SqlAbstractParserImpl;
import org.apache.calcite.sql.parser.impl.SqlParserImpl;
import org.jspecify.annotations.Nullable;

/** What Nicol says of itself to every client. */
final class DatabaseProperties {
    static final String PRODUCT_NAME = "Nicol";

    /** The whole of it; the same for everyone. */
    static final Map<DatabaseProperty, Object> ALL = all();

    private DatabaseProperties() {}

    private static Map<DatabaseProperty, Object> all() {
        String version = version();
        Map<DatabaseProperty, Object> all = new TreeMap<>();
        all.put(DatabaseProperty.GET_DATABASE_PRODUCT_NAME, PRODUCT_NAME);
        all.put(DatabaseProperty.GET_DATABASE_PRODUCT_VERSION, version);
        all.put(DatabaseProperty.GET_DATABASE_MAJOR_VERSION, part(version, 0));
        all.put(DatabaseProperty.GET_DATABASE_MINOR_VERSION, part(version, 1));
        all.put(DatabaseProperty.GET_DRIVER_NAME, PRODUCT_NAME);
        all.put(DatabaseProperty.GET_DRIVER_VERSION, version);
        all.put(DatabaseProperty.GET_DRIVER_MAJOR_VERSION, part(version, 0));
        all.put(DatabaseProperty.GET_DRIVER_MINOR_VERSION, part(version, 1));
        all.put(DatabaseProperty.GET_DEFAULT_TRANSACTION_ISOLATION, Connection.TRANSACTION_READ_COMMITTED);
        // those that JDBC's escape `{fn …}` may call
        all.put(
                DatabaseProperty.GET_NUMERIC_FUNCTIONS,
                "ABS,ACOS,ASIN,ATAN,ATAN2,CEILING,COS,COT,DEGREES,EXP,FLOOR,LOG,LOG10,MOD,PI,POWER,RADIANS,ROUND,SIGN,"
                        + "SIN,SQRT,TAN,TRUNCATE");
        all.put(
                DatabaseProperty.GET_STRING_FUNCTIONS,
                "ASCII,CHAR,CONCAT,INSERT,LCASE,LEFT,LENGTH,LOCATE,LTRIM,REPEAT,REPLACE,RIGHT,RTRIM,SOUNDEX,SPACE,SUBSTRING,"
                        + "UCASE");
        all.put(DatabaseProperty.GET_SYSTEM_FUNCTIONS, "IFNULL,USER");
        all.put(
                DatabaseProperty.GET_TIME_DATE_FUNCTIONS,
                "CURDATE,CURTIME,DAYOFMONTH,DAYOFWEEK,DAYOFYEAR,HOUR,MINUTE,MONTH,NOW,QUARTER,SECOND,TIMESTAMPADD,"
                        + "TIMESTAMPDIFF,WEEK,YEAR");
        all.put(DatabaseProperty.GET_S_Q_L_KEYWORDS, keywords());
        all.put(DatabaseProperty.AVATICA_VERSION, String.valueOf(DatabaseProperty.AVATICA_VERSION.defaultValue));
        return Map.copyOf(all);
    }

    /** The grammar's own words beyond SQL-92's, as JDBC asks. */
    private static String keywords() {
        SqlAbstractParserImpl.Metadata grammar =
                SqlParserImpl.FACTORY.getParser(new java.io.StringReader("")).getMetadata();
        return grammar.getJdbcKeywords();
    }

    private static String version() {
        @Nullable String packaged = DatabaseProperties.class.getPackage().getImplementationVersion();
        return packaged == null ? "0.1.0" : packaged;
    }

    private static int part(String version, int index) {
        String[] parts = version.split("[^0-9]+");
        return index < parts.length && !parts[index].isEmpty() ? Integer.parseInt(parts[index]) : 0;
    }
}
