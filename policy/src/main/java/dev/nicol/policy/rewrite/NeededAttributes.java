package dev.nicol.policy.rewrite;

import dev.nicol.policy.BoundParameter;
import dev.nicol.policy.BoundValue;
import java.util.LinkedHashSet;
import java.util.Set;
import org.apache.calcite.plan.RelOptPredicateList;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSimplify;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.rex.RexVisitorImpl;

/**
 * Finds the attributes without which a row filter lets no row through: whoever lacks one is told which, instead of seeing an
 * empty table.
 */
final class NeededAttributes {
    private NeededAttributes() {}

    /** The filter with parameters of needed attributes marked as such. */
    static RexNode marked(RexBuilder rex, RexNode filter) {
        RexSimplify simplify = new RexSimplify(rex, RelOptPredicateList.EMPTY, RexUtil.EXECUTOR);
        RexNode marked = filter;
        for (BoundValue.Attribute attribute : attributes(filter)) {
            RexNode without = filter.accept(new Replacement(attribute) {
                @Override
                RexNode of(RexDynamicParam parameter) {
                    return rex.makeNullLiteral(parameter.getType());
                }
            });
            if (simplify.simplifyUnknownAsFalse(without).isAlwaysFalse()) {
                marked = marked.accept(new Replacement(attribute) {
                    @Override
                    RexNode of(RexDynamicParam parameter) {
                        return BoundParameter.of(new BoundValue.Attribute(attribute.key(), true), parameter.getType());
                    }
                });
            }
        }
        return marked;
    }

    /** Those outside of sub-queries, whose effect cannot be told here. */
    private static Set<BoundValue.Attribute> attributes(RexNode filter) {
        Set<BoundValue.Attribute> attributes = new LinkedHashSet<>();
        filter.accept(new RexVisitorImpl<Void>(true) {
            @Override
            public Void visitDynamicParam(RexDynamicParam parameter) {
                if (BoundParameter.value(parameter.getIndex()) instanceof BoundValue.Attribute attribute) {
                    attributes.add(attribute);
                }
                return super.visitDynamicParam(parameter);
            }
        });
        return attributes;
    }

    private abstract static class Replacement extends RexShuttle {
        private final BoundValue.Attribute attribute;

        Replacement(BoundValue.Attribute attribute) {
            this.attribute = attribute;
        }

        abstract RexNode of(RexDynamicParam parameter);

        @Override
        public RexNode visitDynamicParam(RexDynamicParam parameter) {
            return attribute.equals(BoundParameter.value(parameter.getIndex())) ? of(parameter) : parameter;
        }
    }
}
