package dev.nicol.policy.guardrail;

/** Tables joined that nothing relates. */
record CartesianProduct() implements Condition {
    static final ConditionType TYPE = ConditionType.check("cartesian_product", CartesianProduct::new);

    @Override
    public boolean holds(StatementFacts facts) {
        return facts.cartesianProduct();
    }

    @Override
    public String toString() {
        return "check: cartesian_product";
    }
}
