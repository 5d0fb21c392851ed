package dev.nicol.adapters;

/**
 * What a source's own statistics say of a column: numbers, none of its values.
 *
 * @param values how many it has; {@code POSITIVE_INFINITY} where the source does not say
 * @param nulls the share of rows where it is NULL, 0 to 1; {@code NaN} where the source does not say
 */
record ColumnStatistics(double values, double nulls) {
    static final ColumnStatistics UNKNOWN = new ColumnStatistics(Double.POSITIVE_INFINITY, Double.NaN);

    ColumnStatistics withValues(double said) {
        return new ColumnStatistics(said, nulls);
    }

    ColumnStatistics withNulls(double said) {
        return new ColumnStatistics(values, said);
    }
}
