package dev.nicol.adapters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.policy.NicolError;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What a kind's failures mean, as the real database words them. */
abstract class FailuresContract extends DialectContract {
    protected FailuresContract(SourceDefinition definition) {
        super(definition);
    }

    /** A query that fails on what it computes. */
    protected abstract String dataError();

    @Test
    void failuresAreClassified() {
        assertThat(failure(dataError())).isEqualTo(NicolError.DATA);
        assertThat(failure("INSERT INTO customers (email) VALUES ('a@x.nl')")).isEqualTo(NicolError.CONSTRAINT);
        assertThat(failure("INSERT INTO customers (email) VALUES (NULL)")).isEqualTo(NicolError.CONSTRAINT);
        assertThat(failure("SELECT nothing FROM nowhere")).isEqualTo(NicolError.SOURCE_FAILED);
    }

    @Test
    void namesThatAreNotThereAreToldFromOtherFailures() {
        assertThat(failure("SELECT nothing FROM nowhere", source.adapter()::missesName))
                .isTrue();
        assertThat(failure("SELECT nothing FROM customers", source.adapter()::missesName))
                .isTrue();
        assertThat(failure("UPDATE customers SET nothing = 1", source.adapter()::missesName))
                .isTrue();
        assertThat(failure(dataError(), source.adapter()::missesName)).isFalse();
        assertThat(failure("SELECT FROM FROM", source.adapter()::missesName)).isFalse();
        assertThat(failure("INSERT INTO customers (email) VALUES (NULL)", source.adapter()::missesName))
                .isFalse();
    }

    private NicolError failure(String sql) {
        return failure(sql, source.adapter()::classify);
    }

    private <T> T failure(String sql, Function<SQLException, T> judged) {
        try (Connection connection = source.connection();
                Statement statement = connection.createStatement()) {
            if (statement.execute(sql)) {
                try (ResultSet row = statement.getResultSet()) {
                    while (row.next()) {
                        row.getObject(1);
                    }
                }
            }
            throw new AssertionError("it did not fail: " + sql);
        } catch (SQLException failure) {
            return judged.apply(failure);
        }
    }
}
