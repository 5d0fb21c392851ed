package dev.nicol.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** That the benchmarks run and report; never how fast anything is. */
class BenchmarksTest {
    private static final List<String> WORKS = List.of("lookup", "federated");

    @Test
    void measuresEveryPeerInEveryCase() throws SQLException, IOException, InterruptedException {
        Options options = Options.of(
                List.of(
                        "lookup",
                        "federated",
                        "--scale",
                        "0.01",
                        "--rounds",
                        "1",
                        "--warm-ups",
                        "0",
                        "--seconds",
                        "0.2",
                        "--peers",
                        "a,b,n",
                        "--heap",
                        "512m"),
                WORKS);
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        List<Path> files = Main.run(options, new PrintStream(printed, true, StandardCharsets.UTF_8));

        assertThat(files).hasSize(2);
        List<String> cases = new ArrayList<>();
        for (Path file : files) {
            JsonNode result = new ObjectMapper().readTree(file.toFile());
            assertThat(result.at("/machine/cpus").asInt()).isPositive();
            assertThat(result.at("/versions/PostgreSQL").asText()).startsWith("18.");
            assertThat(result.at("/arguments/scale").asDouble()).isEqualTo(0.01);
            for (JsonNode one : result.get("cases")) {
                cases.add(one.get("name").asText());
                for (String peer : List.of("a", "b", "n")) {
                    JsonNode perSecond = one.at("/variants/" + peer + "/per_s");
                    assertThat(perSecond.get("median").asDouble())
                            .as("%s of %s", peer, one)
                            .isPositive();
                    assertThat(perSecond.get("rounds")).hasSize(1);
                }
                assertThat(one.at("/ratios/n~1b/per_s/of_medians").asDouble()).isPositive();
            }
        }
        assertThat(cases).contains("prepared, 1 client", "Q3 across databases").hasSize(9);
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("n/b ");
    }

    @Test
    void saysWhatItDoesNotUnderstand() {
        assertThatThrownBy(() -> Options.of(List.of("lookup", "--scales", "1"), WORKS))
                .hasMessage("unknown option --scales");
        assertThatThrownBy(() -> Options.of(List.of("look-up"), WORKS)).hasMessage("name a work");
        assertThatThrownBy(() -> Options.of(List.of("lookup", "--peers", "a,d"), WORKS))
                .hasMessage("peers are a, b, c, e and n");
    }

    /** By hand: medians 2 and 4, by round 3/1, 2/4 and 1/8. */
    @Test
    void comparesMediansAndRounds() {
        Results results = new Results("case", List.of("n", "b"));
        for (double[] round : new double[][] {{3, 1}, {2, 4}, {1, 8}}) {
            results.add("n", java.util.Map.of("ms", round[0]));
            results.add("b", java.util.Map.of("ms", round[1]));
        }
        assertThat(results.ratio("n", "b", "ms")).isEqualTo(0.5);
        assertThat(results.ratioByRound("n", "b", "ms")).isEqualTo(0.5);
        results.fail("b", "ran out of memory");
        assertThat(results.ratio("n", "b", "ms")).isNaN();
    }
}
