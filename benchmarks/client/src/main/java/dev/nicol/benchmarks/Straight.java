package dev.nicol.benchmarks;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** a: pgjdbc, straight to PostgreSQL. */
final class Straight extends Peer {
    private final Databases databases;

    Straight(Databases databases) {
        this.databases = databases;
    }

    @Override
    String letter() {
        return "a";
    }

    @Override
    void start() {}

    @Override
    Connection connect(Who who, Format format, int client) throws SQLException {
        return DriverManager.getConnection(
                databases.postgresUrl(letter()), databases.postgres().user(), "");
    }

    @Override
    String place(String table, Layout layout) {
        return "public." + table;
    }

    @Override
    boolean speaksAvatica() {
        return false;
    }

    @Override
    @Nullable
    ChildJvm server() {
        return null;
    }
}
