package dev.nicol.lineage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nicol.policy.rewrite.SealedScan;
import java.util.List;
import org.apache.calcite.adapter.enumerable.EnumerableConvention;
import org.apache.calcite.adapter.enumerable.EnumerableRel;
import org.apache.calcite.adapter.enumerable.EnumerableRelImplementor;
import org.apache.calcite.plan.Convention;
import org.apache.calcite.plan.ConventionTraitDef;
import org.apache.calcite.plan.RelOptPlanner;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.convert.ConverterImpl;
import org.apache.calcite.rel.convert.ConverterRule;
import org.apache.calcite.tools.Programs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The lineage of plans as Calcite optimises them, for the corpus: known, and within what was asked. */
class OptimizedLineageTest {
    private static final GovernedSchema SCHEMA = new GovernedSchema();

    /** The enumerable convention has no percentiles. */
    private static final String NOT_PLANNED = "a percentile yields a value of what it sorts";

    static List<LineageCase> cases() {
        return LineageCase.read("corpus.txt");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatRunsStaysWithinWhatWasAsked(LineageCase given) {
        RelNode asked = SCHEMA.plan(given.sql());
        if (given.title().equals(NOT_PLANNED)) {
            assertThatThrownBy(() -> optimized(asked)).isInstanceOf(RelOptPlanner.CannotPlanException.class);
            return;
        }
        RelNode ran = optimized(asked);

        assertThat(LineageCase.words(LineageExtractor.of(ran)))
                .as(() -> RelOptUtil.toString(ran))
                .isNotEqualTo(List.of("unknown"));
        assertThat(LineageExtractor.of(ran).within(LineageExtractor.of(asked)))
                .as(() -> RelOptUtil.toString(ran) + LineageCase.words(LineageExtractor.of(ran)))
                .isTrue();
    }

    @Test
    void moreThanWasAskedIsNotWithin() {
        Lineage name = LineageExtractor.of(SCHEMA.plan("SELECT name AS v FROM customers"));
        Lineage email = LineageExtractor.of(SCHEMA.plan("SELECT email AS v FROM customers"));
        Lineage filtered = LineageExtractor.of(SCHEMA.plan("SELECT name AS v FROM customers WHERE region = 'EU'"));

        assertThat(email.within(name)).isFalse();
        assertThat(filtered.within(name)).isFalse();
        assertThat(name.within(filtered)).isTrue();
        assertThat(name.within(Lineage.UNKNOWN)).isFalse();
        assertThat(Lineage.UNKNOWN.within(name)).isFalse();
    }

    /** As Calcite plans for its own engine. */
    static RelNode optimized(RelNode plan) {
        RelOptPlanner planner = plan.getCluster().getPlanner();
        RelOptUtil.registerDefaultRules(planner, false, false);
        planner.addRule(SealToSource.RULE);
        planner.addRule(SourceToEnumerable.RULE);
        RelTraitSet wanted = plan.getCluster().traitSetOf(EnumerableConvention.INSTANCE);
        return Programs.standard().run(planner, plan, wanted, List.of(), List.of());
    }

    /** Where seals are run; here nothing is. */
    private static final Convention SOURCE = new Convention.Impl("SOURCE", RelNode.class);

    /** Brings a seal's rows into the engine. */
    static final class SealReader extends ConverterImpl implements EnumerableRel {
        SealReader(RelNode seal) {
            super(
                    seal.getCluster(),
                    ConventionTraitDef.INSTANCE,
                    seal.getTraitSet().replace(EnumerableConvention.INSTANCE),
                    seal);
        }

        @Override
        public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
            return new SealReader(inputs.get(0));
        }

        @Override
        public Result implement(EnumerableRelImplementor implementor, Prefer prefer) {
            throw new UnsupportedOperationException("only planned here");
        }
    }

    /** Gives seals to their source. */
    static final class SealToSource extends ConverterRule {
        static final SealToSource RULE = Config.INSTANCE
                .withConversion(SealedScan.class, Convention.NONE, SOURCE, "SealToSource")
                .withRuleFactory(SealToSource::new)
                .toRule(SealToSource.class);

        private SealToSource(Config config) {
            super(config);
        }

        @Override
        public RelNode convert(RelNode seal) {
            return seal.copy(seal.getTraitSet().replace(SOURCE), List.of());
        }
    }

    /** Reads from a source. */
    static final class SourceToEnumerable extends ConverterRule {
        static final SourceToEnumerable RULE = Config.INSTANCE
                .withConversion(RelNode.class, SOURCE, EnumerableConvention.INSTANCE, "SourceToEnumerable")
                .withRuleFactory(SourceToEnumerable::new)
                .toRule(SourceToEnumerable.class);

        private SourceToEnumerable(Config config) {
            super(config);
        }

        @Override
        public RelNode convert(RelNode source) {
            return new SealReader(source);
        }
    }
}
