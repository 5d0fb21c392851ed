package dev.nicol.policy.guardrail;

/** An agent that does not say what for. */
record AgentWithoutPurpose() implements Condition {
    static final ConditionType TYPE = ConditionType.check("agent_without_purpose", AgentWithoutPurpose::new);

    @Override
    public boolean holds(StatementFacts facts) {
        return facts.subject().agent() != null && facts.subject().purpose() == null;
    }

    @Override
    public String toString() {
        return "check: agent_without_purpose";
    }
}
