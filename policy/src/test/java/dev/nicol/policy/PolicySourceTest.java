package dev.nicol.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicySourceTest {
    private static final Duration POLL = Duration.ofMillis(20);
    private static final String ONE = grant("one");

    @TempDir
    Path directory;

    @Test
    void changesAreTakenAndBrokenOnesAreNot() {
        PolicyFiles.write(directory, "a.yaml", ONE);
        List<HotReload.Load<PolicySet>> loads = new CopyOnWriteArrayList<>();
        try (PolicySource source = new PolicySource(directory, POLL, loads::add)) {
            PolicySet first = source.get();

            PolicyFiles.write(directory, "b.yaml", grant("two"));
            await().until(() -> source.get() != first);
            assertThat(source.get().grants()).extracting(Grant::name).containsExactly("one", "two");

            PolicySet second = source.get();
            PolicyFiles.write(directory, "b.yaml", "grants: [");
            await().until(() -> !loads.get(loads.size() - 1).succeeded());
            assertThat(source.get()).isSameAs(second);
            assertThat(loads.get(loads.size() - 1).problems()).hasSize(1);
            assertThat(loads.get(loads.size() - 1).inForce()).isSameAs(second);

            PolicyFiles.write(directory, "b.yaml", grant("three"));
            await().until(() -> source.get() != second);
            assertThat(source.get().grants()).extracting(Grant::name).containsExactly("one", "three");
        }
    }

    @Test
    void reloadReadsAtOnce() {
        PolicyFiles.write(directory, "a.yaml", ONE);
        try (PolicySource source = new PolicySource(directory, Duration.ofHours(1), load -> {})) {
            PolicyFiles.write(directory, "a.yaml", grant("other"));

            assertThat(source.reload().succeeded()).isTrue();
            assertThat(source.get().grants()).extracting(Grant::name).containsExactly("other");
        }
    }

    @Test
    void aListenerThatFailsStopsNothing() {
        PolicyFiles.write(directory, "a.yaml", ONE);
        try (PolicySource source = new PolicySource(directory, Duration.ofHours(1), load -> {
            throw new IllegalStateException("the trail is down");
        })) {
            assertThat(source.reload().succeeded()).isTrue();
        }
    }

    @Test
    void theFirstLoadMustSucceed() {
        PolicyFiles.write(directory, "a.yaml", "grants: 7\n");

        assertThatThrownBy(() -> new PolicySource(directory, POLL, load -> {}))
                .isInstanceOf(ProblemsException.class)
                .hasMessageContaining("a.yaml:1: `grants` must be a list, not a number");
    }

    private static String grant(String name) {
        return "grants: [{name: " + name + ", tables: [\"crm.**\"], actions: [select], to: {users: [" + name + "]}}]\n";
    }
}
