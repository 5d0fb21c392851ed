package dev.nicol.adapters;

import dev.nicol.adapters.dialect.NicolTypeSystem;
import dev.nicol.adapters.testing.PlanRunner;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.TimeZone;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** One real, empty source to test on, in a JVM whose zone is neither UTC nor free of daylight saving. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class LiveSource {
    private static final String JVM_ZONE = "America/New_York";

    protected final SourceDefinition definition;
    protected final Source source;
    protected final PlanRunner plans;
    private final TimeZone zoneBefore = TimeZone.getDefault();

    protected LiveSource(SourceDefinition definition) {
        this.definition = definition;
        this.source = new Source(definition);
        this.plans = new PlanRunner(source);
    }

    /** The schema in which unqualified names are. */
    protected abstract String schema();

    @BeforeAll
    void moveToAnotherZone() {
        TimeZone.setDefault(TimeZone.getTimeZone(JVM_ZONE));
    }

    @AfterAll
    void close() {
        source.close();
        TimeZone.setDefault(zoneBefore);
    }

    protected final void execute(String... statements) {
        try (Connection connection = source.connection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException failure) {
            throw new IllegalStateException(String.join("; ", statements), failure);
        }
    }

    protected final SourceCatalog read() {
        try (Connection connection = source.connection()) {
            return source.adapter().read(connection, definition, NicolTypeSystem.factory());
        } catch (SQLException failure) {
            throw new IllegalStateException(failure);
        }
    }

    protected final SourceTable table(String name) {
        return read().tables().values().stream()
                .filter(table -> table.name().table().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow();
    }
}
