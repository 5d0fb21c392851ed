package dev.nicol.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import dev.nicol.adapters.SourceDefinition;
import dev.nicol.adapters.testing.TestDatabases;
import dev.nicol.server.testing.TestNicol;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.calcite.rel.RelNode;
import org.junit.jupiter.api.Test;

/**
 * Nodes of our own in plans: a new one must be looked at before its lineage is believed. Calcite's are listed in the lineage
 * module.
 */
class PlanNodesTest {
    /** Known to lineage by themselves. */
    private static final Set<String> TRACED = Set.of("SealedScan", "SourceScan");

    /** Leaves of the engine's part: the governed plan that they stand for is traced in their place. */
    private static final Set<String> LEAVES =
            Set.of("SourceRel", "ReducedSource", "SealedMasks", "SealedView", "WorkTableScan");

    /** They watch their input's rows, which is traced in their place. */
    private static final Set<String> WATCHERS = Set.of("CancelPoint", "HeldRows", "KeptKeys");

    /**
     * Their presence makes a statement's lineage unknown; {@code Apart} is met only where SQL is written, and {@code Whole}
     * while a plan is made.
     */
    private static final Set<String> UNKNOWN = Set.of("CatalogScan", "Apart", "Whole");

    @Test
    void everyNodeOfOursIsListed() {
        Set<String> nodes = new TreeSet<>();
        Set<String> leaves = new TreeSet<>();
        for (JavaClass one : ArchitectureTest.NICOL) {
            boolean concrete = !one.isInterface() && !one.getModifiers().contains(JavaModifier.ABSTRACT);
            if (concrete && one.isAssignableTo(RelNode.class)) {
                nodes.add(one.getSimpleName());
                if (one.isAssignableTo("dev.nicol.adapters.execution.EngineLeaf")) {
                    leaves.add(one.getSimpleName());
                }
            }
        }

        Set<String> listed = new TreeSet<>(TRACED);
        listed.addAll(LEAVES);
        listed.addAll(WATCHERS);
        listed.addAll(UNKNOWN);
        assertThat(nodes).isEqualTo(listed);
        assertThat(leaves).isEqualTo(LEAVES);
    }

    @Test
    void anUnknownNodeMakesTheStatementsLineageUnknown() throws SQLException {
        SourceDefinition crm = TestDatabases.h2("crm");
        TestDatabases.execute(crm.url(), "sa", "", "CREATE TABLE t (id INTEGER, name VARCHAR(20))");
        try (TestNicol nicol = TestNicol.start(List.of(crm), """
                users:
                  ann: {password: "$HASH", roles: [auditor]}
                """, """
                grants:
                  - {name: all, tables: ["crm.**"], actions: [select], raw: ["*"], to: {users: [ann]}}
                """)) {
            nicol.rows(
                    "ann",
                    "SELECT t.name FROM crm.PUBLIC.t AS t JOIN nicol.information_schema.tables AS i ON i.table_name = t.name");

            String last =
                    "(SELECT MAX(s.statement_id) FROM nicol.audit.statements AS s WHERE s.statement_kind = 'SELECT'"
                            + " AND s.sql_text LIKE '%information_schema%' AND s.sql_text NOT LIKE '%sql_text%')";
            assertThat(nicol.rows("ann", "SELECT complete FROM nicol.lineage.statements WHERE statement_id = " + last))
                    .containsExactly("false");
            assertThat(nicol.rows("ann", "SELECT COUNT(*) FROM nicol.lineage.edges WHERE statement_id = " + last))
                    .containsExactly("0");
            // it may have been anything that was read
            assertThat(
                            nicol.rows(
                                    "ann",
                                    "SELECT target_table, kind, direct FROM TABLE(nicol.lineage.downstream('crm.public.t.id'))"))
                    .containsExactly("result|UNKNOWN|true");
        }
    }
}
