package dev.nicol.server.pipeline;

import dev.nicol.adapters.CatalogSnapshot;
import dev.nicol.policy.PolicySet;
import dev.nicol.policy.guardrail.Guardrails;
import dev.nicol.policy.rewrite.SealedScan;
import dev.nicol.policy.rewrite.Seals;
import java.time.Clock;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.calcite.rel.RelNode;

/** Stage 5. Guardrails judge the tree and the plan, never the text. */
final class GuardStage {
    private final Supplier<PolicySet> policies;
    private final Supplier<CatalogSnapshot> snapshot;
    private final Clock clock;

    GuardStage(Supplier<PolicySet> policies, Supplier<CatalogSnapshot> snapshot, Clock clock) {
        this.policies = policies;
        this.snapshot = snapshot;
        this.clock = clock;
    }

    GuardedStatement guard(TracedStatement traced) {
        GuardFacts facts = new GuardFacts(traced, snapshot.get(), clock.instant());
        return new GuardedStatement(
                traced,
                Guardrails.judge(policies.get().guardrails(), traced.parsed().subject(), facts),
                facts);
    }

    /** Every source a statement itself reads from or writes to; what policies look up is not its doing. */
    static Set<String> sources(Body body) {
        Set<String> sources = new TreeSet<>();
        for (RelNode plan : ConvertStage.plans(body)) {
            for (SealedScan scan : Seals.in(plan)) {
                if (!scan.ofView()) {
                    sources.add(scan.decision().table().catalog());
                }
            }
        }
        Body.Target target = TraceStage.target(body);
        if (target != null) {
            sources.add(target.name().catalog());
        } else if (body instanceof Body.Definition definition) {
            sources.add(definition.target().catalog());
        }
        return sources;
    }
}
