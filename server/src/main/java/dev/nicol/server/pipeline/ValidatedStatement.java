package dev.nicol.server.pipeline;

import dev.nicol.policy.Subject;
import dev.nicol.server.catalog.GovernedCatalog;
import dev.nicol.server.catalog.PlanningSpace;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.validate.SqlValidator;
import org.jspecify.annotations.Nullable;

/**
 * A statement whose every name exists for its subject.
 *
 * @param space where it is planned
 * @param checked the query or write in it, as validated; null for statements without one
 * @param explained what EXPLAIN POLICY asks about; null for others
 */
public record ValidatedStatement(
        ParsedStatement parsed,
        GovernedCatalog catalog,
        PlanningSpace space,
        @Nullable Checked checked,
        @Nullable Explained explained) {

    /**
     * A statement that is not run.
     *
     * @param statement in the catalogue of whom is asked for
     * @param subject who that is
     */
    public record Explained(ValidatedStatement statement, Subject subject) {}

    /**
     * A query or write in Calcite's terms.
     *
     * @param node expanded and typed
     * @param rowType columns of the answer
     * @param parameterTypes one field per {@code ?}
     * @param rowNumbers which of them say how many rows
     */
    record Checked(
            SqlValidator validator,
            SqlNode node,
            RelDataType rowType,
            RelDataType parameterTypes,
            RowNumbers rowNumbers) {}
}
