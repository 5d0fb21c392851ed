package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.NicolException;
import dev.nicol.server.testing.TestStore;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestStore.class)
class StoreVersionTest {
    @Parameter
    TestStore kind;

    @TempDir
    Path directory;

    /** As after an upgrade that was taken back. */
    @Test
    void aStoreOfANewerVersionIsNotOpened() throws Exception {
        StoreSettings settings = kind.settings(directory);
        try (Store store = Store.open(settings);
                Connection connection = store.connection();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate(
                    "INSERT INTO internal.flyway_schema_history (installed_rank, version, description, type,"
                            + " script, installed_by, execution_time, success)"
                            + " VALUES (999, '999', 'later', 'SQL', 'V999__later.sql', 'nicol', 1, TRUE)");
        }
        assertThatThrownBy(() -> Store.open(settings))
                .isInstanceOf(NicolException.class)
                .hasMessageContaining("newer version of Nicol")
                .hasMessageContaining("`999`");
    }
}
