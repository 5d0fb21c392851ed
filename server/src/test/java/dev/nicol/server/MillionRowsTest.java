package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.ChildNicol;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A million rows pass through a server whose heap could not hold them. */
class MillionRowsTest {
    private static final int ROWS = 1_000_000;

    private static ChildNicol nicol;

    @BeforeAll
    static void start() {
        SourceDefinition source = TestDatabases.postgres("big");
        TestDatabases.execute(
                source.url(),
                "postgres",
                "",
                "CREATE TABLE readings (id BIGINT, note TEXT, amount NUMERIC(20, 4))",
                "INSERT INTO readings SELECT n, 'reading number ' || n || repeat('.', 60), n * 1.5 FROM generate_series(1, "
                        + ROWS + ") n");
        nicol = ChildNicol.start("256m", List.of(source), """
                users:
                  steve: {password: "$HASH", groups: [stewards]}
                  alice: {password: "$HASH", groups: [analysts]}
                """, """
                grants:
                  - {name: stewards, tables: ["big.**"], actions: [select], raw: ["*"], to: {groups: [stewards]}}
                  - {name: analysts, tables: ["big.**"], actions: [select], to: {groups: [analysts]}}
                column_masks:
                  - {name: notes, columns: ["big.public.readings.note"], to: {groups: [analysts]}, mask: {kind: partial, first: 7, last: 0}}
                """, "");
    }

    @AfterAll
    static void stop() {
        if (nicol != null) {
            nicol.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"steve, json", "steve, protobuf", "alice, json", "alice, protobuf"})
    @Timeout(60)
    void streams(String user, String serialization) throws SQLException {
        long count = 0;
        long ids = 0;
        long characters = 0;
        double amounts = 0;
        try (Connection connection = nicol.connect(user, serialization);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT * FROM big.public.readings")) {
            while (rows.next()) {
                count++;
                ids += rows.getLong(1);
                String note = rows.getString(2);
                characters += note.length();
                amounts += rows.getDouble(3);
                if (!note.startsWith("reading") || note.endsWith(".") != user.equals("steve")) {
                    throw new AssertionError("row " + count + " has the note " + note);
                }
            }
        }
        assertThat(count).isEqualTo(ROWS);
        assertThat(ids).isEqualTo(500_000_500_000L);
        // 15 characters before the number, 60 after it, and 5,888,896 digits in the numbers up to a million
        assertThat(characters).isEqualTo(75L * ROWS + 5_888_896);
        assertThat(amounts).isEqualTo(750_000_750_000.0);
    }
}
