package dev.nicol.server.pipeline;

import dev.nicol.adapters.StoredTable;
import dev.nicol.policy.Decision;
import dev.nicol.policy.Subject;
import dev.nicol.policy.TableName;
import dev.nicol.policy.rewrite.SealedScan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.ddl.SqlColumnDeclaration;
import org.apache.calcite.sql.ddl.SqlCreateTable;
import org.jspecify.annotations.Nullable;

/** What a governed statement is about. */
public sealed interface Body {
    /**
     * A query.
     *
     * @param plan all leaves sealed
     * @param rowType columns as the client sees them
     */
    record Query(RelNode plan, RelDataType rowType) implements Body {}

    /** The table a write or a definition is aimed at. */
    record Target(TableName name, Decision decision, StoredTable stored) {}

    /**
     * An INSERT.
     *
     * @param columns in the order of the input's fields
     * @param input the rows, governed
     * @param sealed what the subject would see of the target: new rows must pass its row filter
     * @param guarded parameters whose values must not look like a mask's output
     * @param replaces whether they take the place of all rows that were there
     */
    record Insert(
            Target target,
            List<String> columns,
            RelNode input,
            SealedScan sealed,
            List<Sentinels.Guarded> guarded,
            boolean replaces)
            implements Body {}

    /**
     * An UPDATE or, without assignments, a DELETE.
     *
     * @param scan what the subject sees of the target; {@code condition} and {@code assignments} count its fields
     * @param outer how sub-queries refer to the target's row
     * @param read a plan that reads all that the write reads: what lineage and the seal's proof look at
     */
    record Change(
            Target target,
            SealedScan scan,
            Map<String, RexNode> assignments,
            RexNode condition,
            Set<CorrelationId> outer,
            RelNode read)
            implements Body {
        /** Whether any column of the target decides what is written, or where. */
        boolean readsTarget() {
            return !condition.isAlwaysTrue()
                    || assignments.values().stream().anyMatch(value -> !RelOptUtil.InputFinder.bits(value)
                            .isEmpty());
        }
    }

    /**
     * A definition at a source: CREATE, DROP, ALTER or TRUNCATE of a table.
     *
     * @param stored the table as it is; null where it is to be created
     * @param query the query of a CREATE TABLE AS; null for others
     */
    record Definition(
            TableName target,
            @Nullable StoredTable stored,
            SqlNode statement,
            @Nullable Query query) implements Body {
        /** The columns of a CREATE TABLE AS: as it names them, or as its query does. */
        List<String> columns() {
            if (query == null) {
                return List.of();
            }
            List<String> columns = new ArrayList<>(query.rowType().getFieldNames());
            if (statement instanceof SqlCreateTable create && create.columnList != null) {
                int position = 0;
                for (SqlNode node : create.columnList) {
                    SqlNode name = node instanceof SqlColumnDeclaration declared ? declared.name : node;
                    if (name instanceof SqlIdentifier identifier && position < columns.size()) {
                        columns.set(position++, identifier.getSimple());
                    }
                }
            }
            return columns;
        }
    }

    /**
     * A statement that Nicol itself carries out: SET, CALL, transactions, virtual schemas.
     *
     * @param defines the query of a CREATE VIEW, which it names and does not run; null for others
     */
    record Command(SqlNode statement, @Nullable Query defines) implements Body {}

    /** EXPLAIN: the plan of a query, as text. */
    record Explanation(Query query) implements Body {}

    /** EXPLAIN POLICY: what policy does with a statement that is not run, for whom it is asked. */
    record PolicyQuestion(GovernedStatement about, Subject subject) implements Body {}
}
