package dev.nicol.adapters.masks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.Catalog;
import dev.nicol.adapters.Source;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.policy.mask.Bucket;
import dev.nicol.policy.mask.Constant;
import dev.nicol.policy.mask.Custom;
import dev.nicol.policy.mask.Mask;
import dev.nicol.policy.mask.Partial;
import dev.nicol.policy.mask.Redact;
import dev.nicol.policy.mask.RedactText;
import dev.nicol.policy.mask.Tokenize;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaskChecksTest {
    private static final List<Mask> MASKS = List.of(
            new Partial(2, 3, "😀"),
            new Partial(0, 0, "'"),
            new Partial(1, 2, "$"),
            new Redact("\\ 'quoted' 😀 $1"),
            new Tokenize(64),
            new Bucket(new BigDecimal("7")),
            new Bucket(new BigDecimal("1000000")),
            new Bucket(new BigDecimal("2.5")),
            new Constant("\\'; --"),
            new Constant(-5L),
            new Constant(true),
            new Constant("1969-12-31"),
            new Constant("1969-12-31 01:02:03.5"),
            new RedactText(List.of()),
            new Custom("1 / 0"));

    private final List<String> failures = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(strings = {"postgresql", "mysql", "h2", "duckdb"})
    void aSourceThatComputesAsTheEngineDoesPasses(String kind) throws SQLException {
        SourceDefinition definition =
                switch (kind) {
                    case "postgresql" -> TestDatabases.postgres("s");
                    case "mysql" -> TestDatabases.mariadb("s");
                    case "h2" -> TestDatabases.h2("s");
                    default -> TestDatabases.duckdb("s");
                };
        assertThat(problem(definition)).isNull();
        assertThat(failures).isEmpty();
    }

    @Test
    void aDatabaseOfAnotherEncodingPasses() throws SQLException {
        SourceDefinition any = TestDatabases.postgres("latin");
        String name = database(any) + "_latin";
        execute(
                any,
                "CREATE DATABASE " + name + " ENCODING 'LATIN1' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'");
        SourceDefinition latin = new SourceDefinition(
                "latin",
                any.kind(),
                any.url().replace("/" + database(any), "/" + name),
                any.user(),
                any.password(),
                "development",
                Map.of(),
                8);
        MaskChecks checks = new MaskChecks(List::<Mask>of, (source, problem) -> failures.add(problem));
        try (Source source = new Source(latin);
                Connection connection = source.connection()) {
            assertThat(checks.problem(source, connection)).isNull();
        }
    }

    /** What an administrator, or an intruder, put in front of a built-in function answers instead of it. */
    @Test
    void functionsInFrontOfBuiltInOnesAreFound() throws SQLException {
        SourceDefinition postgres = TestDatabases.postgres("pg");
        execute(
                postgres,
                "CREATE FUNCTION public.repeat(text, integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1'",
                "ALTER ROLE CURRENT_USER IN DATABASE " + database(postgres) + " SET search_path = public, pg_catalog");
        assertThat(problem(postgres))
                .contains("`pg`", "computes masks wrongly", "`partial` of VARCHAR")
                .doesNotContain("hash");

        SourceDefinition plain = TestDatabases.h2("h2");
        SourceDefinition h2 = new SourceDefinition(
                "h2", "h2", plain.url() + ";BUILTIN_ALIAS_OVERRIDE=TRUE", "sa", "", "development", Map.of(), 8);
        execute(h2, "CREATE ALIAS STRINGTOUTF8 AS 'byte[] shadow(String text) { return new byte[] {1}; }'");
        assertThat(problem(h2)).contains("`h2`", "`hash` of VARCHAR", "`tokenize` of INTEGER");
        assertThat(failures).hasSize(2);
    }

    @Test
    void aSourceThatFailsIsToldOnceAndPassesWhenMended() throws SQLException {
        SourceDefinition plain = TestDatabases.h2("h2");
        SourceDefinition h2 = new SourceDefinition(
                "h2", "h2", plain.url() + ";BUILTIN_ALIAS_OVERRIDE=TRUE", "sa", "", "development", Map.of(), 8);
        execute(
                h2,
                "CREATE TABLE t (id INTEGER)",
                "CREATE ALIAS STRINGTOUTF8 AS 'byte[] shadow(String text) { throw new RuntimeException(text); }'");
        MaskChecks checks = new MaskChecks(List::<Mask>of, (source, problem) -> failures.add(problem));
        try (Source source = new Source(h2);
                Catalog catalog = new Catalog(List.of(source), Duration.ofHours(1), checks)) {
            assertThat(catalog.snapshot().sources().get("h2").unavailable()).contains("cannot compute the masks");
            catalog.refresh();
            assertThat(failures).hasSize(1);
            execute(h2, "DROP ALIAS STRINGTOUTF8");
            assertThat(catalog.refresh().sources().get("h2").unavailable()).isNull();
        }
    }

    private String problem(SourceDefinition definition) throws SQLException {
        MaskChecks checks = new MaskChecks(() -> MASKS, (source, problem) -> failures.add(problem));
        try (Source source = new Source(definition);
                Connection connection = source.connection()) {
            return checks.problem(source, connection);
        }
    }

    private static String database(SourceDefinition definition) {
        return definition.url().replaceAll(".*/([a-z0-9_]+).*", "$1");
    }

    private static void execute(SourceDefinition definition, String... statements) {
        TestDatabases.execute(definition.url(), definition.user(), definition.password(), statements);
    }
}
