package dev.nicol.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import liquibase.Scope;
import liquibase.command.CommandScope;
import liquibase.resource.DirectoryResourceAccessor;
import liquibase.ui.LoggerUIService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Liquibase, which has no business here, ends before it has changed anything. */
@Timeout(60)
class LiquibaseTest {
    private static final String TABLES =
            "SELECT table_name FROM information_schema.tables" + " WHERE table_schema = 'public' ORDER BY table_name";

    private static final Logger LOG = Logger.getLogger("liquibase");

    private final ShippedNicol nicol = ShippedNicol.running();

    @Test
    @SuppressWarnings("try")
    void nothingIsMigrated(@TempDir Path directory) throws Exception {
        LOG.setLevel(Level.OFF);
        Files.writeString(
                directory.resolve("changes.sql"),
                "--liquibase formatted sql\n--changeset a:1\nCREATE TABLE made_by_liquibase (id INTEGER);\n");
        try (DirectoryResourceAccessor files = new DirectoryResourceAccessor(directory)) {
            Map<String, Object> settings = Map.of(
                    "liquibase.analytics.enabled",
                    false,
                    Scope.Attr.resourceAccessor.name(),
                    files,
                    Scope.Attr.ui.name(),
                    new LoggerUIService());
            assertThatThrownBy(() -> Scope.child(settings, () -> {
                        new CommandScope("update")
                                .addArgumentValue("url", nicol.url("ann"))
                                .addArgumentValue("driver", "org.apache.calcite.avatica.remote.Driver")
                                .addArgumentValue("changelogFile", "changes.sql")
                                .execute();
                    }))
                    .hasStackTraceContaining("42601");
        }
        assertThat(nicol.stored(TABLES)).containsExactly("customers", "hidden", "large", "moments", "orders", "rich");
    }
}
