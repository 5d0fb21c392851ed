package dev.nicol.benchmarks;

import dev.nicol.adapters.SourceDefinition;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** b: avatica-server over pgjdbc. c: avatica-server over Calcite over both databases. Both by the stock driver. */
final class AvaticaPeer extends Peer {
    private final Databases databases;
    private final String heap;
    private final boolean calcite;
    private @Nullable ChildJvm server;
    private String[] ports = {};

    AvaticaPeer(Databases databases, String heap, boolean calcite) {
        this.databases = databases;
        this.heap = heap;
        this.calcite = calcite;
    }

    @Override
    String letter() {
        return calcite ? "c" : "b";
    }

    @Override
    void start() {
        close();
        SourceDefinition postgres = databases.postgres();
        List<String> source = calcite
                ? List.of(calciteUrl(), "", "")
                : List.of(databases.postgresUrl(letter()), String.valueOf(postgres.user()), "");
        List<String> command = new java.util.ArrayList<>(
                List.of("-Xmx" + heap, "-cp", Repository.classPath("avatica"), "dev.nicol.benchmarks.AvaticaServer"));
        command.addAll(source);
        server = ChildJvm.start(letter(), command);
        ports = server.awaitReadyLine();
    }

    /** Names are taken as both databases have them, in any case. */
    private String calciteUrl() {
        return "jdbc:calcite:caseSensitive=false;unquotedCasing=UNCHANGED;quotedCasing=UNCHANGED;conformance=LENIENT;"
                + "model=inline:{version: '1.0', defaultSchema: 'crm', schemas: ["
                + schema("crm", databases.postgresUrl(letter()), databases.postgres(), "jdbcSchema: 'public'") + ", "
                + schema("wide", databases.postgresUrl(letter()), databases.postgres(), "jdbcSchema: 'wide'") + ", "
                + schema(
                        "shop",
                        databases.mariadb().url(),
                        databases.mariadb(),
                        "jdbcCatalog: '" + databases.mariadb().user() + "'")
                + "]}";
    }

    private static String schema(String name, String url, SourceDefinition database, String place) {
        return "{type: 'jdbc', name: '" + name + "', jdbcUrl: '" + url + "', jdbcUser: '" + database.user()
                + "', jdbcPassword: '" + database.password() + "', " + place + "}";
    }

    @Override
    Connection connect(Who who, Format format, int client) throws SQLException {
        return DriverManager.getConnection("jdbc:avatica:remote:url=http://127.0.0.1:" + ports[format.ordinal()]
                + "/;serialization=" + format.name().toLowerCase(Locale.ROOT));
    }

    @Override
    String place(String table, Layout layout) {
        if (!calcite) {
            return "public." + table;
        }
        return (layout == Layout.SPREAD && Databases.AT_MARIADB.contains(table) ? "shop." : "crm.") + table;
    }

    @Override
    @Nullable
    ChildJvm server() {
        return server;
    }
}
