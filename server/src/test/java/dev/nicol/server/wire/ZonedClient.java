package dev.nicol.server.wire;

import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Time;
import java.sql.Timestamp;
import java.util.Properties;

/** A client in a zone of its own: binds a wall clock on the day its zone changes to summer time, and prints what it reads. */
final class ZonedClient {
    private ZonedClient() {}

    public static void main(String[] arguments) throws SQLException {
        Properties properties = new Properties();
        properties.put("avatica_user", "alice");
        properties.put("avatica_password", "wonderland");
        try (Connection connection = DriverManager.getConnection(arguments[0], properties);
                PreparedStatement statement = connection.prepareStatement("select when")) {
            statement.setTimestamp(1, Timestamp.valueOf("2026-03-08 01:30:00"));
            statement.setDate(2, Date.valueOf("2026-03-08"));
            statement.setTime(3, Time.valueOf("23:59:58"));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                System.out.println(rows.getTimestamp(1) + " " + rows.getString(1) + " " + rows.getDate(2) + " "
                        + rows.getString(2) + " " + rows.getTime(3) + " " + rows.getString(3));
            }
        }
    }
}
