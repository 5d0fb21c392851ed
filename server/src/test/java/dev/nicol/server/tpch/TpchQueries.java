package dev.nicol.server.tpch;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** The 22 queries of TPC-H with the parameters of its validation run, as resources that leave the tables' places open. */
public final class TpchQueries {
    /** They are numbered from 1. */
    public static final int COUNT = 22;

    private TpchQueries() {}

    /**
     * A query's text.
     *
     * @param number from 1 to {@link #COUNT}
     * @param place the full name of each table, such as {@code customer} to {@code crm.public.customer}
     */
    public static String sql(int number, UnaryOperator<String> place) {
        String name = String.format("/tpch/q%02d.sql", number);
        try (InputStream file = Objects.requireNonNull(TpchQueries.class.getResourceAsStream(name), name)) {
            String sql = new String(file.readAllBytes(), StandardCharsets.UTF_8);
            for (String table : TpchData.TABLES) {
                sql = sql.replace("${" + table + "}", place.apply(table));
            }
            return sql;
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
