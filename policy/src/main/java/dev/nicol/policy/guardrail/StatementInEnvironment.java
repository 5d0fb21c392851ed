package dev.nicol.policy.guardrail;

/** Kinds of statement on sources of an environment, such as DDL in production. */
final class StatementInEnvironment implements Guardrail {
    @Override
    public boolean asked(GuardrailRule rule) {
        return true;
    }

    @Override
    public boolean holds(GuardrailRule rule, StatementFacts facts) {
        boolean kind = rule.statements().isEmpty()
                || facts.statement() != null && rule.statements().contains(facts.statement());
        boolean environment =
                rule.environments().isEmpty() || facts.environments().stream().anyMatch(rule.environments()::contains);
        return kind && environment;
    }
}
