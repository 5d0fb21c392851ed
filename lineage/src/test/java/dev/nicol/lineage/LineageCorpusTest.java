package dev.nicol.lineage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case of corpus.txt: SQL over the governed schema, and the edges stated by hand. */
class LineageCorpusTest {
    private static final GovernedSchema SCHEMA = new GovernedSchema();

    static List<LineageCase> cases() {
        return LineageCase.read("corpus.txt");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void lineageIsAsStated(LineageCase given) {
        RelNode plan = SCHEMA.plan(given.sql());

        assertThat(LineageCase.words(LineageExtractor.of(plan)))
                .as(() -> given.sql() + "\n" + RelOptUtil.toString(plan))
                .containsExactlyInAnyOrderElementsOf(given.expected());
    }

    @Test
    void theCorpusIsLarge() {
        assertThat(cases()).hasSizeGreaterThanOrEqualTo(110);
    }
}
