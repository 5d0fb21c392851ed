package dev.nicol.server.parser;

import org.apache.calcite.sql.validate.SqlConformance;
import org.apache.calcite.sql.validate.SqlConformanceEnum;
import org.apache.calcite.sql.validate.SqlDelegatingConformance;

/** The SQL that parser and validator accept: Calcite's lenient set, without what reaches past the catalogue. */
public final class NicolConformance extends SqlDelegatingConformance {
    public static final SqlConformance INSTANCE = new NicolConformance();

    private NicolConformance() {
        super(SqlConformanceEnum.LENIENT);
    }

    /** {@code FROM t (c INTEGER)} would name columns that the subject's catalogue does not have. */
    @Override
    public boolean allowExtend() {
        return false;
    }

    /** {@code SELECT 1 'x'} is more often a forgotten comma than an alias. */
    @Override
    public boolean allowCharLiteralAlias() {
        return false;
    }
}
