package dev.nicol.server.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class StatementIdsTest {
    @Test
    void idsAreVersion7AndSortByTheOrderTheyWereMadeIn() {
        long beforeMs = System.currentTimeMillis();
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            ids.add(StatementIds.next());
        }
        assertThat(ids).isSorted().doesNotHaveDuplicates();
        UUID first = UUID.fromString(ids.get(0));
        assertThat(first.version()).isEqualTo(7);
        assertThat(first.variant()).isEqualTo(2);
        assertThat(first.getMostSignificantBits() >>> 16).isBetween(beforeMs, System.currentTimeMillis() + 10_000);
    }

    @Test
    void noTwoThreadsGetTheSameId() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<List<String>>> futures = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
            futures.add(pool.submit(() -> {
                List<String> ids = new ArrayList<>();
                for (int i = 0; i < 5_000; i++) {
                    ids.add(StatementIds.next());
                }
                return ids;
            }));
        }
        List<String> all = new ArrayList<>();
        for (Future<List<String>> future : futures) {
            assertThat(future.get()).isSorted();
            all.addAll(future.get());
        }
        pool.shutdown();
        assertThat(all).doesNotHaveDuplicates().hasSize(20_000);
    }
}
