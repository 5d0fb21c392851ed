package dev.nicol.benchmarks;

import dev.nicol.server.tpch.TpchData;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** One of the ways to the data that are compared. */
abstract class Peer implements AutoCloseable {
    /** Where a statement finds tables. */
    enum Layout {
        /** All in PostgreSQL. */
        WHOLE,
        /** Customer and nation in MariaDB; where a peer has one database only, the same as whole. */
        SPREAD
    }

    /** Who asks. Only Nicol tells them apart. */
    enum Who {
        /** Reads raw values, through row filters that keep every row. */
        ANALYST,
        /** Reads masked values, through row filters. */
        CLERK
    }

    /** How values travel, where the peer has a choice. */
    enum Format {
        JSON,
        PROTOBUF
    }

    /** The letter that tables and options name it by. */
    abstract String letter();

    /** Starts its server, where it has one. Whatever ran before is ended. */
    abstract void start();

    /** @param client a number: peers that limit what one user may do get several users */
    abstract Connection connect(Who who, Format format, int client) throws SQLException;

    Connection connect(Who who) throws SQLException {
        return connect(who, Format.JSON, 0);
    }

    /** The full name of a table. */
    abstract String place(String table, Layout layout);

    /** A statement in its dialect. */
    String dialect(String sql) {
        return sql;
    }

    /** A statement with its tables' names in place of {@code ${table}}, in its dialect. */
    final String sql(String template, Layout layout) {
        String sql = template;
        for (String table : TpchData.TABLES) {
            sql = sql.replace("${" + table + "}", place(table, layout));
        }
        return dialect(sql);
    }

    /** Whether formats differ. */
    boolean speaksAvatica() {
        return true;
    }

    /** Its server; null where it has none. */
    abstract @Nullable ChildJvm server();

    @Override
    public void close() {
        ChildJvm server = server();
        if (server != null) {
            server.close();
        }
    }
}
