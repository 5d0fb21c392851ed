package dev.nicol.benchmarks;

import java.sql.SQLException;
import java.util.Properties;
import org.apache.calcite.avatica.jdbc.JdbcMeta;
import org.apache.calcite.avatica.remote.Driver.Serialization;
import org.apache.calcite.avatica.remote.LocalService;
import org.apache.calcite.avatica.server.HttpServer;

/**
 * avatica-server as its documentation shows it: {@code JdbcMeta} over any JDBC driver, ungoverned, without authentication.
 * A port for each serialisation, as one server speaks one.
 */
public final class AvaticaServer {
    private AvaticaServer() {}

    /** Arguments: JDBC URL, user, password. Prints the two ports, then serves until it is killed. */
    public static void main(String[] arguments) throws SQLException, InterruptedException {
        Properties login = new Properties();
        if (!arguments[1].isEmpty()) {
            login.setProperty("user", arguments[1]);
            login.setProperty("password", arguments[2]);
        }
        LocalService service = new LocalService(new JdbcMeta(arguments[0], login));
        HttpServer json = started(service, Serialization.JSON);
        HttpServer protobuf = started(service, Serialization.PROTOBUF);
        System.out.println("ready " + json.getPort() + " " + protobuf.getPort());
        json.join();
    }

    private static HttpServer started(LocalService service, Serialization serialization) {
        HttpServer server = new HttpServer.Builder<>()
                .withHandler(service, serialization)
                .withPort(0)
                .build();
        server.start();
        return server;
    }
}
