package dev.nicol.server.parser;

import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.apache.calcite.sql.SqlBasicTypeNameSpec;
import org.apache.calcite.sql.SqlTypeNameSpec;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;

/** Names that databases give to standard types. Adding one is one line here. */
public final class TypeSynonyms {
    private static final Map<String, SqlTypeName> STANDARD = Map.ofEntries(
            Map.entry("BOOL", SqlTypeName.BOOLEAN),
            Map.entry("BYTEA", SqlTypeName.VARBINARY),
            Map.entry("FLOAT4", SqlTypeName.REAL),
            Map.entry("FLOAT8", SqlTypeName.DOUBLE),
            Map.entry("INT2", SqlTypeName.SMALLINT),
            Map.entry("INT4", SqlTypeName.INTEGER),
            Map.entry("INT8", SqlTypeName.BIGINT),
            Map.entry("STRING", SqlTypeName.VARCHAR),
            Map.entry("TEXT", SqlTypeName.VARCHAR),
            Map.entry("TIMESTAMPTZ", SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE));

    private TypeSynonyms() {}

    /** Whether {@code word}, in any case, is such a name. */
    public static boolean knows(String word) {
        return STANDARD.containsKey(word.toUpperCase(Locale.ROOT));
    }

    /** The type that {@code word} stands for, without length or precision. */
    public static SqlTypeNameSpec standard(String word, SqlParserPos position) {
        SqlTypeName type = Objects.requireNonNull(STANDARD.get(word.toUpperCase(Locale.ROOT)));
        return new SqlBasicTypeNameSpec(type, position);
    }
}
