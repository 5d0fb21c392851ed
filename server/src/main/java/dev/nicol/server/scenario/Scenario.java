package dev.nicol.server.scenario;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One scenario as its file has it.
 *
 * @param place file and line
 * @param user who acts: the name of a user or agent
 * @param stated connection properties, such as {@code purpose} and {@code on_behalf_of}
 * @param sql the statement
 */
record Scenario(String place, String name, String user, Map<String, String> stated, String sql, Expected then) {

    /**
     * What must come of it; what is null is not looked at.
     *
     * @param rows in order, each value as text, NULL as null
     * @param anyOrder whether the order of {@code rows} counts for nothing
     * @param count rows answered or written
     * @param columns labels of the answer
     * @param verdict {@code allowed, warned, held, denied}: told by EXPLAIN POLICY, without running the statement
     * @param rules names that must be among the rules that apply
     * @param error the SQLSTATE of the refusal
     */
    record Expected(
            @Nullable List<List<@Nullable String>> rows,
            boolean anyOrder,
            @Nullable Long count,
            @Nullable List<String> columns,
            @Nullable String verdict,
            List<String> rules,
            @Nullable String error) {}
}
