package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.NicolException;
import dev.nicol.server.testing.TestStore;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestStore.class)
class KilledServerTest {
    @Parameter
    TestStore kind;

    private static final int KILLED_AFTER_LINES = 1_500;

    @TempDir
    Path directory;

    @Test
    void everyBeginThatReturnedSurvivesAKill() throws Exception {
        StoreSettings settings = kind.settings(directory);
        Process server = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-Dlogback.statusListenerClass=ch.qos.logback.core.status.NopStatusListener",
                        TrailLoad.class.getName(),
                        settings.url(),
                        String.valueOf(settings.user()),
                        String.valueOf(settings.password()),
                        String.valueOf(settings.keys()),
                        "8")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        Set<String> begun = new HashSet<>();
        List<String> lines = new ArrayList<>();
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.US_ASCII))) {
            String line;
            while ((line = output.readLine()) != null) {
                lines.add(line);
                if (lines.size() == 100) {
                    assertThatThrownBy(() -> Store.open(settings))
                            .isInstanceOf(NicolException.class)
                            .hasMessageContaining("in use by another server");
                }
                if (lines.size() == KILLED_AFTER_LINES) {
                    // through the handle: what it printed before can still be read
                    server.toHandle().destroyForcibly();
                }
                if (line.startsWith("B ") && line.length() == 38) {
                    begun.add(line.substring(2));
                }
            }
        } finally {
            server.destroyForcibly();
        }
        assertThat(server.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(begun).hasSizeGreaterThan(500);

        try (Store store = Store.open(settings);
                StoreAuditTrail trail = StoreAuditTrail.open(store)) {
            Set<String> kept = StoreAuditTrailTest.rows(store, "SELECT statement_id FROM audit.statements").stream()
                    .map(row -> row.get(0))
                    .collect(Collectors.toSet());
            assertThat(kept).containsAll(begun);
            assertThat(StoreAuditTrailTest.rows(
                            store, "SELECT DISTINCT outcome FROM audit.statements ORDER BY outcome"))
                    .isSubsetOf(List.of("interrupted"), List.of("succeeded"))
                    .contains(List.of("interrupted"));
            trail.event("login", "bob", "");
            assertThat(AuditVerifier.verify(store).whole()).isTrue();
        }
    }
}
