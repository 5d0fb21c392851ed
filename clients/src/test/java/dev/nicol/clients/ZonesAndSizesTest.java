package dev.nicol.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.util.TimeZone;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The stock driver in Berlin, a server in Kolkata, a database in New York; and values that are large for a small server. */
@Timeout(60)
class ZonesAndSizesTest {
    private static final int LARGE = 64 * 1024 * 1024;

    private final ShippedNicol nicol = ShippedNicol.running();

    @Test
    void threeZones() throws SQLException {
        assertThat(TimeZone.getDefault().getID()).isEqualTo("Europe/Berlin");
        try (Connection connection = DriverManager.getConnection(nicol.url("ann"));
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT * FROM crm.public.moments")) {
            assertThat(row.next()).isTrue();
            assertThat(row.getDate("day")).isEqualTo(Date.valueOf("2026-07-01"));
            assertThat(row.getTime("clock")).isEqualTo(Time.valueOf("23:30:00"));
            assertThat(row.getTimestamp("wall")).isEqualTo(Timestamp.valueOf("2026-07-01 23:30:00.25"));
            // stored as 23:30 in New York
            assertThat(row.getString("moment")).isEqualTo("2026-07-02T03:30:00Z");
        }
    }

    @Test
    void boundInOneAndComparedInAnother() throws SQLException {
        try (Connection connection = DriverManager.getConnection(nicol.url("ann"));
                PreparedStatement statement = connection.prepareStatement(
                        "SELECT COUNT(*) FROM crm.public.moments WHERE day = ? AND clock = ? AND wall = ? AND moment = ?")) {
            statement.setDate(1, Date.valueOf("2026-07-01"));
            statement.setTime(2, Time.valueOf("23:30:00"));
            statement.setTimestamp(3, Timestamp.valueOf("2026-07-01 23:30:00.25"));
            statement.setString(4, "2026-07-02T05:30:00+02:00");
            try (ResultSet row = statement.executeQuery()) {
                assertThat(row.next()).isTrue();
                assertThat(row.getInt(1)).isEqualTo(1);
            }
        }
    }

    @Test
    void oneValueOf64MiB() throws SQLException {
        try (Connection connection = DriverManager.getConnection(nicol.url("ann"));
                Statement statement = connection.createStatement()) {
            try (ResultSet row = statement.executeQuery("SELECT body FROM crm.public.large")) {
                assertThat(row.next()).isTrue();
                assertThat(row.getString(1)).hasSize(LARGE);
            }
            try (ResultSet row = statement.executeQuery("SELECT bytes FROM crm.public.large")) {
                assertThat(row.next()).isTrue();
                assertThat(row.getBytes(1)).hasSize(LARGE);
            }
        }
    }

    /** The server has 512 MiB: what it has no room for fails, and it goes on. */
    @Test
    void aValueWithoutRoomIsRefused() throws SQLException {
        assertThatThrownBy(() -> nicol.governed("ann", "SELECT huge FROM crm.public.large"))
                .isInstanceOfSatisfying(SQLException.class, failure -> assertThat(failure.getSQLState())
                        .isEqualTo("53200"));
        assertThat(nicol.governed("ann", "SELECT COUNT(*) FROM crm.public.large"))
                .containsExactly("1");
    }
}
